import type { ChatMessage } from "@/components/Chat";
import { messagesOf, plainText } from "@/components/span/body";
import type { Answer } from "./stream";

/** What a column sends beside the messages; what is not set is the model's own default. */
export type Params = {
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  seed?: number;
  frequency_penalty?: number;
  json?: boolean;
};

export type Side = "left" | "right";
/** A message to both columns and what each answered. Without `user` it asks for what the replayed messages ask. */
export type Turn = { id: string; user?: string; left?: Answer; right?: Answer };

/** A conversation of a span: what to begin with, and what is still to be sent. */
export type Replay = {
  model: string;
  system: string;
  before: ChatMessage[];
  ask: string;
  params: Params;
  rest: Record<string, unknown>;
};

/** What of a request is neither conversation nor a parameter with a field of its own, but changes the answer. */
const KEPT = [
  "tools",
  "tool_choice",
  "response_format",
  "stop",
  "presence_penalty",
  "logit_bias",
  "parallel_tool_calls",
];

/** Everything to ask a span's question again. Null where the span holds no conversation. */
export function replayOf(input: unknown, model: string | null | undefined): Replay | null {
  const messages = messagesOf(input);
  if (messages.length === 0) return null;
  const body = Array.isArray(input) ? {} : (input as Record<string, unknown>);
  const number = (name: string) => (typeof body[name] === "number" ? (body[name] as number) : undefined);
  const format = body.response_format as { type?: string } | undefined;
  const json = format?.type === "json_object";
  const rest = Object.fromEntries(KEPT.filter((name) => body[name] != null).map((name) => [name, body[name]]));
  if (json) delete rest.response_format;
  const [first, ...others] = messages;
  const system = first?.role === "system" && typeof first.content === "string" ? first.content : "";
  const before = system ? others : messages;
  const last = before.at(-1);
  const editable = last?.role === "user" && typeof last.content === "string";
  return {
    model: typeof body.model === "string" && body.model ? body.model : (model ?? ""),
    system,
    before: editable ? before.slice(0, -1) : before,
    ask: editable ? plainText(last.content) : "",
    params: {
      temperature: number("temperature"),
      top_p: number("top_p"),
      max_tokens: number("max_tokens") ?? number("max_completion_tokens"),
      seed: number("seed"),
      frequency_penalty: number("frequency_penalty"),
      ...(json && { json }),
    },
    rest,
  };
}

/** The messages that a column has seen before a turn, and the turn's own: what it is asked. */
export function messagesFor(
  side: Side,
  system: string,
  before: ChatMessage[],
  turns: Turn[],
  upTo: string,
): ChatMessage[] {
  const messages: ChatMessage[] = system.trim() ? [{ role: "system", content: system }] : [];
  messages.push(...before);
  for (const turn of turns) {
    const answer = turn[side];
    const last = turn.id === upTo;
    // A turn that this column missed, or that failed, is no part of its conversation.
    if (!last && (!answer || answer.state === "failed" || !(answer.text || answer.tools.length))) continue;
    if (turn.user !== undefined) messages.push({ role: "user", content: turn.user });
    if (last) break;
    if (answer) messages.push(asMessage(answer));
  }
  return messages;
}

const asMessage = ({ text, tools }: Answer): ChatMessage =>
  tools.length ? { role: "assistant", content: text || null, tool_calls: tools } : { role: "assistant", content: text };

/** The body of a request. */
export function requestOf(model: string, messages: ChatMessage[], params: Params, rest: Record<string, unknown>) {
  const { json, ...numbers } = params;
  const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
  return {
    ...rest,
    model,
    messages,
    ...given,
    ...(json && { response_format: { type: "json_object" } }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

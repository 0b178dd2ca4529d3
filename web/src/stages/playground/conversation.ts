import type { ChatMessage } from "@/components/Chat";
import { plainText, requestMessages } from "@/components/span/body";
import type { Answer } from "./stream";

/** Parameters of a column. Unset values use the model's default. */
export type Params = {
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  seed?: number;
  frequency_penalty?: number;
  json?: boolean;
  /** JSON schema of the answer, as text. It replaces `json`. */
  schema?: string;
  /** Tools in OpenAI's format, as the text of a JSON array. */
  tools?: string;
};

export type Side = "left" | "right";
/** Message to both columns with the answer of each. Without `user`, the replayed messages are answered. */
export type Turn = { id: string; user?: string; left?: Answer; right?: Answer };

/** Conversation of a span: initial messages and the text to send next. */
export type Replay = {
  model: string;
  system: string;
  initialMessages: ChatMessage[];
  draft: string;
  params: Params;
  extraParams: Record<string, unknown>;
};

/** Request fields that affect the answer but have no input in the form. */
const FORWARDED_FIELDS = [
  "tools",
  "tool_choice",
  "response_format",
  "stop",
  "presence_penalty",
  "logit_bias",
  "parallel_tool_calls",
];

/** Return the conversation of a span for replay, or null if the span has no messages. */
export function toReplay(input: unknown, model: string | null | undefined): Replay | null {
  const messages = requestMessages(input);
  if (messages.length === 0) return null;
  const body = Array.isArray(input) ? {} : (input as Record<string, unknown>);
  const number = (name: string) => (typeof body[name] === "number" ? (body[name] as number) : undefined);
  const format = body.response_format as { type?: string } | undefined;
  const json = format?.type === "json_object";
  const extraParams = Object.fromEntries(
    FORWARDED_FIELDS.filter((name) => body[name] != null).map((name) => [name, body[name]]),
  );
  if (json) delete extraParams.response_format;
  const [first, ...others] = messages;
  const system = first?.role === "system" && typeof first.content === "string" ? first.content : "";
  const remaining = system ? others : messages;
  const last = remaining.at(-1);
  const isEditable = last?.role === "user" && typeof last.content === "string";
  return {
    model: typeof body.model === "string" && body.model ? body.model : (model ?? ""),
    system,
    initialMessages: isEditable ? remaining.slice(0, -1) : remaining,
    draft: isEditable ? plainText(last.content) : "",
    params: {
      temperature: number("temperature"),
      top_p: number("top_p"),
      max_tokens: number("max_tokens") ?? number("max_completion_tokens"),
      seed: number("seed"),
      frequency_penalty: number("frequency_penalty"),
      ...(json && { json }),
    },
    extraParams,
  };
}

/** Return the messages of a column up to and including the given turn. */
export function messagesFor(
  side: Side,
  system: string,
  initialMessages: ChatMessage[],
  turns: Turn[],
  lastTurnId: string,
): ChatMessage[] {
  const messages: ChatMessage[] = system.trim() ? [{ role: "system", content: system }] : [];
  messages.push(...initialMessages);
  for (const turn of turns) {
    const answer = turn[side];
    const isLast = turn.id === lastTurnId;
    // Skip turns that this column missed or that failed.
    if (!isLast && (!answer || answer.state === "failed" || !(answer.text || answer.tools.length))) continue;
    if (turn.user !== undefined) messages.push({ role: "user", content: turn.user });
    if (isLast) break;
    if (answer) messages.push(asMessage(answer));
  }
  return messages;
}

const asMessage = ({ text, tools }: Answer): ChatMessage =>
  tools.length ? { role: "assistant", content: text || null, tool_calls: tools } : { role: "assistant", content: text };

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}

/** Parse a JSON schema. Returns null if the text is not a JSON object. */
export function parseSchema(text: string | undefined): Record<string, unknown> | null {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Parse tools in OpenAI's format. Returns null if the text is not a JSON array of objects with a function. */
export function parseTools(text: string | undefined): Record<string, unknown>[] | null {
  const value = parseJson(text);
  const isTool = (tool: unknown) => typeof tool === "object" && tool !== null && "function" in tool;
  return Array.isArray(value) && value.length > 0 && value.every(isTool) ? value : null;
}

/** Return the body of a request. Invalid texts of `schema` and `tools` are not sent. */
export function toRequestBody(
  model: string,
  messages: ChatMessage[],
  params: Params,
  extraParams: Record<string, unknown>,
) {
  const { json, schema, tools, ...modelParams } = params;
  const parsedSchema = parseSchema(schema);
  const parsedTools = parseTools(tools);
  const format = parsedSchema
    ? { type: "json_schema", json_schema: { name: "answer", schema: parsedSchema } }
    : json && { type: "json_object" };
  const setParams = Object.fromEntries(Object.entries(modelParams).filter(([, value]) => value !== undefined));
  return {
    ...extraParams,
    model,
    messages,
    ...setParams,
    ...(format && { response_format: format }),
    ...(parsedTools && { tools: parsedTools }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

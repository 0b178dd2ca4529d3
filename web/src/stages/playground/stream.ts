import { createParser } from "eventsource-parser";
import { ApiError } from "@/api/client";

/** What has come of an answer so far. Times are in milliseconds since it was asked for. */
export type Answer = {
  model: string;
  text: string;
  tools: ToolCall[];
  state: "running" | "done" | "stopped" | "failed";
  span?: string;
  error?: ApiError;
  finish?: string;
  input?: number;
  output?: number;
  first?: number;
  total?: number;
};
export type ToolCall = { id?: string; type?: string; function: { name: string; arguments: string } };

export const begun = (model: string): Answer => ({ model, text: "", tools: [], state: "running" });

type Delta = { content?: string | null; tool_calls?: (Partial<ToolCall> & { index?: number })[] };
type Chunk = {
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: unknown;
};

/** An answer with one more piece of it: of a stream, or the whole. `at` is when it came. */
export function fold(answer: Answer, chunk: Chunk, at: number): Answer {
  const next = { ...answer };
  if (chunk.usage) {
    next.input = chunk.usage.prompt_tokens ?? next.input;
    next.output = chunk.usage.completion_tokens ?? next.output;
  }
  const choice = chunk.choices?.[0];
  if (!choice) return next;
  const delta = choice.delta ?? choice.message ?? {};
  if (delta.content) next.text += delta.content;
  if (delta.tool_calls) next.tools = delta.tool_calls.reduce(call, next.tools);
  if (next.first === undefined && (delta.content || delta.tool_calls)) next.first = at;
  if (choice.finish_reason) next.finish = choice.finish_reason;
  return next;
}

function call(had: ToolCall[], part: Partial<ToolCall> & { index?: number }): ToolCall[] {
  const index = part.index ?? had.length;
  const old = had[index] ?? { function: { name: "", arguments: "" } };
  const made: ToolCall = {
    id: part.id ?? old.id,
    type: part.type ?? old.type ?? "function",
    function: {
      name: old.function.name + (part.function?.name ?? ""),
      arguments: old.function.arguments + (part.function?.arguments ?? ""),
    },
  };
  return [...had.slice(0, index), made, ...had.slice(index + 1)];
}

/**
 * Reads an answer as it comes and hands on each state of it. A refusal, before the first byte or within the stream, is
 * thrown as an ApiError.
 */
export async function readAnswer(
  response: Response,
  start: Answer,
  onChange: (answer: Answer) => void,
  clock: () => number,
): Promise<Answer> {
  let answer: Answer = { ...start, span: response.headers.get("x-vong-span-id") ?? undefined };
  onChange(answer);
  if (!response.ok) throw ApiError.of(response.status, await response.json().catch(() => null));
  const take = (text: string) => {
    const chunk = JSON.parse(text) as Chunk;
    if (chunk.error) throw ApiError.of(response.status, chunk);
    answer = fold(answer, chunk, clock());
  };
  if (!response.headers.get("content-type")?.includes("text/event-stream")) take(await response.text());
  else if (response.body) {
    const waiting: string[] = [];
    const parser = createParser({ onEvent: (event) => waiting.push(event.data) });
    const reader = response.body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string>).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parser.feed(part.value);
      for (const data of waiting.splice(0)) if (data !== "[DONE]") take(data);
      onChange(answer);
    }
  }
  return { ...answer, state: "done", total: clock() };
}

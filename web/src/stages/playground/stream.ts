import { createParser } from "eventsource-parser";
import { ApiError } from "@/api/client";

/** Streamed answer so far. Times are in milliseconds since the request. */
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

export const emptyAnswer = (model: string): Answer => ({ model, text: "", tools: [], state: "running" });

type Delta = { content?: string | null; tool_calls?: (Partial<ToolCall> & { index?: number })[] };
type Chunk = {
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: unknown;
};

/** Return the answer extended by one chunk of a stream, or by a complete response. `at` is the arrival time. */
export function applyChunk(answer: Answer, chunk: Chunk, time: number): Answer {
  const extended = { ...answer };
  if (chunk.usage) {
    extended.input = chunk.usage.prompt_tokens ?? extended.input;
    extended.output = chunk.usage.completion_tokens ?? extended.output;
  }
  const choice = chunk.choices?.[0];
  if (!choice) return extended;
  const delta = choice.delta ?? choice.message ?? {};
  if (delta.content) extended.text += delta.content;
  if (delta.tool_calls) extended.tools = delta.tool_calls.reduce(mergeToolCall, extended.tools);
  if (extended.first === undefined && (delta.content || delta.tool_calls)) extended.first = time;
  if (choice.finish_reason) extended.finish = choice.finish_reason;
  return extended;
}

function mergeToolCall(calls: ToolCall[], part: Partial<ToolCall> & { index?: number }): ToolCall[] {
  const index = part.index ?? calls.length;
  const existing = calls[index] ?? { function: { name: "", arguments: "" } };
  const merged: ToolCall = {
    id: part.id ?? existing.id,
    type: part.type ?? existing.type ?? "function",
    function: {
      name: existing.function.name + (part.function?.name ?? ""),
      arguments: existing.function.arguments + (part.function?.arguments ?? ""),
    },
  };
  return [...calls.slice(0, index), merged, ...calls.slice(index + 1)];
}

/**
 * Read a streamed answer and report each intermediate state. Throws ApiError if the request is rejected before or
 * within the stream.
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
  const addChunk = (text: string) => {
    const chunk = JSON.parse(text) as Chunk;
    if (chunk.error) throw ApiError.of(response.status, chunk);
    answer = applyChunk(answer, chunk, clock());
  };
  if (!response.headers.get("content-type")?.includes("text/event-stream")) addChunk(await response.text());
  else if (response.body) {
    const pending: string[] = [];
    const parser = createParser({ onEvent: (event) => pending.push(event.data) });
    const reader = response.body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string>).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parser.feed(part.value);
      for (const data of pending.splice(0)) if (data !== "[DONE]") addChunk(data);
      onChange(answer);
    }
  }
  return { ...answer, state: "done", total: clock() };
}

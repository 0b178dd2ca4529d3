import { createParser } from "eventsource-parser";
import { ApiError, sendRequest } from "./client";

export type Message = { role: "system" | "user" | "assistant"; content: string };
export type ChatRequest = { model: string; messages: Message[]; max_tokens?: number; temperature?: number };
/** End of a streamed completion: span id, token counts and finish reason. */
export type ChatResult = { span: string | null; input?: number; output?: number; finish: string | null };

type Chunk = {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; hint?: string; code?: string };
};

/**
 * Return the text of one chunk of a streamed completion and store its finish reason and usage in `end`. Throws ApiError
 * if the chunk reports an error.
 */
export function readChunk(data: string, result: ChatResult): string {
  if (data === "[DONE]") return "";
  const chunk = JSON.parse(data) as Chunk;
  if (chunk.error) throw ApiError.of(502, chunk);
  const choice = chunk.choices?.[0];
  result.finish = choice?.finish_reason ?? result.finish;
  result.input = chunk.usage?.prompt_tokens ?? result.input;
  result.output = chunk.usage?.completion_tokens ?? result.output;
  return choice?.delta?.content ?? "";
}

/** Request a chat completion and stream its text through the OpenAI-compatible API. */
export async function streamChat(
  request: ChatRequest,
  onText: (text: string) => void,
  signal?: AbortSignal,
): Promise<ChatResult> {
  const response = await sendRequest("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!response.ok || !response.body) throw ApiError.of(response.status, await response.json().catch(() => null));
  const result: ChatResult = { span: response.headers.get("x-vong-span-id"), finish: null };
  const parser = createParser({
    onEvent: ({ data }) => {
      const text = readChunk(data, result);
      if (text) onText(text);
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) parser.feed(read.value);
  return result;
}

import { createParser } from "eventsource-parser";
import { ApiError, reach } from "./client";

export type Turn = { role: "system" | "user" | "assistant"; content: string };
export type ChatAsked = { model: string; messages: Turn[]; max_tokens?: number; temperature?: number };
/** How an answer ended: the id of its span, its tokens, why it stopped. */
export type ChatEnd = { span: string | null; input?: number; output?: number; finish: string | null };

type Chunk = {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; hint?: string; code?: string };
};

/** Reads one chunk of a streamed answer: its text, and what it says of the end. ApiError where it is an error. */
export function readChunk(data: string, end: ChatEnd): string {
  if (data === "[DONE]") return "";
  const chunk = JSON.parse(data) as Chunk;
  if (chunk.error) throw ApiError.of(502, chunk);
  const choice = chunk.choices?.[0];
  end.finish = choice?.finish_reason ?? end.finish;
  end.input = chunk.usage?.prompt_tokens ?? end.input;
  end.output = chunk.usage?.completion_tokens ?? end.output;
  return choice?.delta?.content ?? "";
}

/** Ask a model and hear its answer while it is made, through the surface that every OpenAI client uses. */
export async function streamChat(
  asked: ChatAsked,
  onText: (piece: string) => void,
  signal?: AbortSignal,
): Promise<ChatEnd> {
  const response = await reach("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...asked, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!response.ok || !response.body) throw ApiError.of(response.status, await response.json().catch(() => null));
  const end: ChatEnd = { span: response.headers.get("x-vong-span-id"), finish: null };
  const parser = createParser({
    onEvent: ({ data }) => {
      const piece = readChunk(data, end);
      if (piece) onText(piece);
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) parser.feed(part.value);
  return end;
}

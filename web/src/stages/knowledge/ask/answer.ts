import { createParser } from "eventsource-parser";
import { ApiError, type Schema, sendRequest } from "@/api/client";

type Answer = Schema["RagAnswer"];
type Citation = Schema["Citation"];
type SentenceCheck = Schema["SentenceCheck"];
export type AnswerEvent =
  | Schema["QueriesEvent"]
  | Schema["PassagesEvent"]
  | Schema["DeltaEvent"]
  | Schema["CitationEvent"]
  | Schema["VerificationEvent"]
  | Schema["DoneEvent"]
  | Schema["ErrorEvent"];

/** Question of a conversation and its answer so far. `answer` is set once the answer is verified. */
export type Exchange = {
  id: string;
  question: string;
  searched: string;
  passages: Schema["RetrievedPassage"][];
  draft: string;
  answer?: Answer;
  error?: unknown;
};

export const newExchange = (question: string): Exchange => ({
  id: crypto.randomUUID(),
  question,
  searched: question,
  passages: [],
  draft: "",
});

/** Return an exchange after an event of its stream. */
export function applyEvent(exchange: Exchange, event: AnswerEvent): Exchange {
  switch (event.event) {
    case "queries":
      return { ...exchange, searched: event.question };
    case "passages":
      return { ...exchange, passages: event.passages };
    case "delta":
      return { ...exchange, draft: exchange.draft + event.text };
    case "done":
      return { ...exchange, answer: event.answer, passages: event.answer.passages ?? exchange.passages };
    case "error":
      return { ...exchange, error: new ApiError(event.status, event.message, event.hint ?? undefined, event.code) };
    default:
      return exchange;
  }
}

export type AnswerPart = { text: string; start: number; check?: SentenceCheck; citations: Citation[] };

/**
 * Split the text of an answer into its sentences and the text between them, each sentence with its check and its
 * citations. Offsets of the server count Unicode code points.
 */
export function answerParts(answer: Pick<Answer, "text" | "sentences" | "citations">): AnswerPart[] {
  const points = Array.from(answer.text);
  const parts: AnswerPart[] = [];
  let position = 0;
  const add = (end: number, check?: SentenceCheck) => {
    if (end <= position) return;
    const start = position;
    const citations = check
      ? (answer.citations ?? []).filter((one) => one.answer_start < end && one.answer_end > start)
      : [];
    parts.push({ text: points.slice(start, end).join(""), start, check, citations });
    position = end;
  };
  for (const check of [...(answer.sentences ?? [])].sort((a, b) => a.start - b.start)) {
    add(Math.min(check.start, points.length));
    add(Math.min(check.end, points.length), check);
  }
  add(points.length);
  return parts;
}

/** Split a text at its citations: `[2]` becomes the number 2, everything else stays text. */
export function splitAtCitations(answer: string): (string | number)[] {
  return answer
    .split(/(\[\d+\])/)
    .filter(Boolean)
    .map((part) => (/^\[\d+\]$/.test(part) ? Number(part.slice(1, -1)) : part));
}

/** Ask a question and call `onEvent` for each event of the streamed answer. */
export async function streamAnswer(
  base: string,
  request: { question: string; model: string; conversation: string; index?: number },
  onEvent: (event: AnswerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await sendRequest(`/api/v1/knowledge/bases/${encodeURIComponent(base)}/ask/stream`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
    signal,
  });
  if (!response.ok || !response.body) throw ApiError.of(response.status, await response.json().catch(() => null));
  const parser = createParser({ onEvent: ({ data }) => onEvent(JSON.parse(data) as AnswerEvent) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) parser.feed(read.value);
}

import type { ChatMessage } from "@/components/Chat";
import { textOf } from "@/components/Chat";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isMessage = (value: unknown): value is ChatMessage => isObject(value) && typeof value.role === "string";

/** What a body of a span holds, as a person reads it. */
export type Body =
  | { kind: "none" }
  | { kind: "text"; text: string }
  | { kind: "chat"; messages: ChatMessage[] }
  | { kind: "vectors"; count: number; dimensions: number | null; model: string | null }
  | { kind: "json"; value: unknown };

/** Looks what a body is: messages, an OpenAI answer, embeddings, text or any other JSON. */
export function bodyOf(value: unknown): Body {
  if (value === null || value === undefined) return { kind: "none" };
  if (typeof value === "string") return value.trim() ? { kind: "text", text: value } : { kind: "none" };
  const messages = messagesOf(value);
  if (messages.length) return { kind: "chat", messages };
  if (isObject(value)) {
    const answer = answerMessage(value);
    if (answer) return { kind: "chat", messages: [answer] };
    const vectors = vectorsOf(value);
    if (vectors) return vectors;
    if (typeof value.input === "string" && typeof value.model === "string") return { kind: "text", text: value.input };
  }
  return { kind: "json", value };
}

/** The messages of a request's body; none where it holds no conversation. */
export function messagesOf(value: unknown): ChatMessage[] {
  const found = isObject(value) ? value.messages : value;
  return Array.isArray(found) && found.length > 0 && found.every(isMessage) ? found : [];
}

/** The message of an answer's body. */
export function answerMessage(value: unknown): ChatMessage | null {
  if (!isObject(value)) return null;
  const first = Array.isArray(value.choices) ? value.choices[0] : undefined;
  const message = isObject(first) ? first.message : value;
  return isMessage(message) ? message : null;
}

/** The text that a person would correct: of an answer in any form that spans have. */
export function answerText(value: unknown): string {
  if (typeof value === "string") return value;
  const message = answerMessage(value);
  if (message) return plainText(message.content);
  if (isObject(value) && typeof value.text === "string") return value.text;
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** The text of a message as it was written: JSON in it is not indented. */
export function plainText(content: unknown): string {
  return typeof content === "string" ? content : textOf(content);
}

function vectorsOf(value: Json): Body | null {
  if (!Array.isArray(value.data) || value.data.length === 0) return null;
  const first = value.data[0];
  if (!isObject(first) || !("embedding" in first)) return null;
  const dimensions = Array.isArray(first.embedding) ? first.embedding.length : null;
  const model = typeof value.model === "string" ? value.model : null;
  return { kind: "vectors", count: value.data.length, dimensions, model };
}

/** Whether a text is JSON that is more than a number or a word. */
export function isJson(text: string): boolean {
  try {
    const held: unknown = JSON.parse(text);
    return typeof held === "object" && held !== null;
  } catch {
    return false;
  }
}

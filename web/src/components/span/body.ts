import type { ChatMessage } from "@/components/Chat";
import { messageText } from "@/components/Chat";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isMessage = (value: unknown): value is ChatMessage => isObject(value) && typeof value.role === "string";

/** Body of a span, classified for display. */
export type Body =
  | { kind: "none" }
  | { kind: "text"; text: string }
  | { kind: "chat"; messages: ChatMessage[] }
  | { kind: "vectors"; count: number; dimensions: number | null; model: string | null }
  | { kind: "json"; value: unknown };

/** Classify a body: messages, OpenAI response, embeddings, text or other JSON. */
export function classifyBody(value: unknown): Body {
  if (value === null || value === undefined) return { kind: "none" };
  if (typeof value === "string") return value.trim() ? { kind: "text", text: value } : { kind: "none" };
  const messages = requestMessages(value);
  if (messages.length) return { kind: "chat", messages };
  if (isObject(value)) {
    const answer = responseMessage(value);
    if (answer) return { kind: "chat", messages: [answer] };
    const vectors = parseEmbeddings(value);
    if (vectors) return vectors;
    if (typeof value.input === "string" && typeof value.model === "string") return { kind: "text", text: value.input };
  }
  return { kind: "json", value };
}

/** Return the messages of a request body, or an empty list if there are none. */
export function requestMessages(value: unknown): ChatMessage[] {
  const candidate = isObject(value) ? value.messages : value;
  return Array.isArray(candidate) && candidate.length > 0 && candidate.every(isMessage) ? candidate : [];
}

/** Return the message of a response body, or null. */
export function responseMessage(value: unknown): ChatMessage | null {
  if (!isObject(value)) return null;
  const first = Array.isArray(value.choices) ? value.choices[0] : undefined;
  const message = isObject(first) ? first.message : value;
  return isMessage(message) ? message : null;
}

/** Return the text to correct, for every response format that spans contain. */
export function correctableText(value: unknown): string {
  if (typeof value === "string") return value;
  const message = responseMessage(value);
  if (message) return plainText(message.content);
  if (isObject(value) && typeof value.text === "string") return value.text;
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** Return the text of a message as written, without indenting JSON. */
export function plainText(content: unknown): string {
  return typeof content === "string" ? content : messageText(content);
}

function parseEmbeddings(value: Json): Body | null {
  if (!Array.isArray(value.data) || value.data.length === 0) return null;
  const first = value.data[0];
  if (!isObject(first) || !("embedding" in first)) return null;
  const dimensions = Array.isArray(first.embedding) ? first.embedding.length : null;
  const model = typeof value.model === "string" ? value.model : null;
  return { kind: "vectors", count: value.data.length, dimensions, model };
}

/** Return whether a text is a JSON object or array. */
export function isJson(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null;
  } catch {
    return false;
  }
}

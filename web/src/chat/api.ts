/** API of the chat page. The token of the visitor is kept in the storage of the browser, or in memory without one. */

export type Citation = { number: number; title: string; text: string; url?: string | null };
export type Attachment = { id: string; filename: string; size: number };
export type Message = {
  id: string;
  role: "user" | "assistant";
  text: string;
  error?: string | null;
  span_id?: string | null;
  citations: Citation[];
  suggestions: string[];
  attachments: Attachment[];
};
export type Conversation = { id: string; title: string | null; updated_at: string };
export type Fact = { id: string; text: string };
export type PersonFacts = { consent: boolean; offered: boolean; facts: Fact[] };
export type Page = {
  token: string;
  title: string;
  welcome: string | null;
  suggestions: string[];
  attachments: boolean;
  facts: boolean;
};
export type StreamEvent =
  | { event: "delta"; text: string }
  | { event: "tool"; name: string; kind: string; state: "started" | "ended" }
  | { event: "sent"; message: Message }
  | { event: "message"; message: Message }
  | { event: "suggestions"; suggestions: string[] }
  | { event: "error"; code: string; message: string; hint?: string | null };

/** Failed request: the HTTP status, and the message of the server. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const slug = location.pathname.split("/")[2] ?? "";
const base = `/api/v1/chat/${encodeURIComponent(slug)}`;
const storageKey = `vong-chat-${slug}`;
let token = readStored();

function readStored(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null; // an iframe without storage
  }
}

function store(value: string) {
  token = value;
  try {
    localStorage.setItem(storageKey, value);
  } catch {
    return;
  }
}

async function fail(response: Response): Promise<never> {
  const problem = await response.json().catch(() => null);
  const parts = [problem?.detail ?? problem?.title ?? response.statusText, problem?.hint].filter(Boolean);
  throw new ApiError(response.status, parts.join(". "));
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  let data: BodyInit | undefined;
  if (body instanceof FormData) data = body;
  else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    data = JSON.stringify(body);
  }
  const response = await fetch(base + path, { method, headers, body: data, signal });
  return response.ok ? response : fail(response);
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  return response.status === 204 ? (undefined as T) : response.json();
}

/** Open the page: exchange the key of the link, or the token of an earlier visit, for a token. */
export async function openPage(): Promise<Page> {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  const body = { key, token };
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${base}/session`, { method: "POST", headers, body: JSON.stringify(body) });
  const page: Page = response.ok ? await response.json() : await fail(response);
  store(page.token);
  return page;
}

export const listConversations = () => json<Conversation[]>("GET", "/conversations");
export const createConversation = () => json<Conversation>("POST", "/conversations", {});
export const deleteConversation = (id: string) => json<void>("DELETE", `/conversations/${id}`);
export const listMessages = (id: string) => json<Message[]>("GET", `/conversations/${id}/messages`);
export const sendFeedback = (id: string, message: string, value: number | null, comment: string | null) =>
  json<void>("POST", `/conversations/${id}/messages/${message}/feedback`, { value, comment });
export const getFacts = () => json<PersonFacts>("GET", "/facts");
export const setConsent = (consent: boolean) => json<PersonFacts>("PUT", "/facts", { consent });
export const deleteFact = (id: string) => json<void>("DELETE", `/facts/${id}`);
export const removeAttachment = (id: string, attachment: string) =>
  json<void>("DELETE", `/conversations/${id}/attachments/${attachment}`);

export function uploadAttachment(id: string, file: File): Promise<Attachment> {
  const form = new FormData();
  form.append("file", file);
  return json<Attachment>("POST", `/conversations/${id}/attachments`, form);
}

/** Send a message and yield the events of the answer. */
export async function* sendMessage(
  id: string,
  text: string,
  attachments: string[],
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const response = await send("POST", `/conversations/${id}/messages`, { text, attachments, stream: true }, signal);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    pending += value;
    const frames = pending.split("\n\n");
    pending = frames.pop() ?? "";
    for (const frame of frames) {
      const data = frame
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trim())
        .join("\n");
      if (data) yield JSON.parse(data) as StreamEvent;
    }
  }
}

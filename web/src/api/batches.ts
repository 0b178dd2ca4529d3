import { ApiError, reach } from "./client";

/** What a batch may ask for. */
export const ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/embeddings",
  "/v1/completions",
  "/v1/responses",
  "/v1/messages",
] as const;

/** Upload a file of calls and have them made, through the surface that every OpenAI client uses. */
export async function startBatch(file: File, endpoint: string, window: string): Promise<string> {
  const form = new FormData();
  form.set("purpose", "batch");
  form.set("file", file);
  const uploaded = await asked("/v1/files", { method: "POST", body: form });
  const made = await asked("/v1/batches", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ input_file_id: uploaded.id, endpoint, completion_window: window }),
  });
  return made.id;
}

/** Where the bytes of a file are. */
export const contentOf = (file: string): string => `/v1/files/file-${file.replaceAll("-", "")}/content`;

async function asked(path: string, init: RequestInit): Promise<{ id: string }> {
  const response = await reach(path, init);
  const body = await response.json().catch(() => null);
  if (!response.ok) throw ApiError.of(response.status, body);
  return body;
}

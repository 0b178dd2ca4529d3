import { ApiError, sendRequest } from "./client";

/** Endpoints that a batch may call. */
export const ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/embeddings",
  "/v1/completions",
  "/v1/responses",
  "/v1/messages",
] as const;

/** Upload a JSONL file of requests and start a batch through the OpenAI-compatible API. Returns the id of the batch. */
export async function startBatch(file: File, endpoint: string, window: string): Promise<string> {
  const form = new FormData();
  form.set("purpose", "batch");
  form.set("file", file);
  const uploadedFile = await requestJson("/v1/files", { method: "POST", body: form });
  const batch = await requestJson("/v1/batches", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ input_file_id: uploadedFile.id, endpoint, completion_window: window }),
  });
  return batch.id;
}

/** Return the URL of a file's content. */
export const fileContentUrl = (file: string): string => `/v1/files/file-${file.replaceAll("-", "")}/content`;

async function requestJson(path: string, init: RequestInit): Promise<{ id: string }> {
  const response = await sendRequest(path, init);
  const body = await response.json().catch(() => null);
  if (!response.ok) throw ApiError.of(response.status, body);
  return body;
}

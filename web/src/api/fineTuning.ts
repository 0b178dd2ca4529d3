import { ApiError, sendRequest } from "./client";

export type FineTuningStatus =
  | "validating_files"
  | "queued"
  | "running"
  | "paused"
  | "succeeded"
  | "failed"
  | "cancelled";
export type FineTuningMethod = "supervised" | "dpo" | "reinforcement";

/** Fine-tuning job of the OpenAI-compatible API. Times are in seconds since 1970. */
export type FineTuningJob = {
  id: string;
  created_at: number;
  finished_at: number | null;
  estimated_finish: number | null;
  model: string;
  fine_tuned_model: string | null;
  status: FineTuningStatus;
  error: { code: string; message: string; param: string | null } | null;
  training_file: string;
  validation_file: string | null;
  result_files: string[];
  trained_tokens: number | null;
  hyperparameters: Record<string, unknown>;
  method: { type: FineTuningMethod };
  seed: number;
  user_provided_suffix: string | null;
  metadata: Record<string, string> | null;
  run_id: string | null;
  dataset: string | null;
};
export type FineTuningEvent = {
  id: string;
  created_at: number;
  level: "info" | "warn" | "error";
  message: string;
  type: "message" | "metrics";
};
export type FineTuningCheckpoint = {
  id: string;
  created_at: number;
  fine_tuned_model_checkpoint: string;
  metrics: Record<string, number>;
  step_number: number;
};
export type FineTuningPage<T> = { data: T[]; has_more: boolean };
export type NewFineTuningJob = {
  file: File;
  model: string;
  method: FineTuningMethod;
  epochs?: number;
  suffix?: string;
};

const JOBS = "/v1/fine_tuning/jobs";
const PAGE_SIZE = 50;

/** Return one page of jobs, newest first. */
export const listJobs = (after?: string) => listPage<FineTuningJob>(JOBS, after);

/** Return a job. */
export const getJob = (id: string): Promise<FineTuningJob> => requestJson(jobPath(id));

/** Return one page of the events of a job, newest first. */
export const listEvents = (id: string, after?: string) => listPage<FineTuningEvent>(`${jobPath(id)}/events`, after);

/** Return the newest checkpoints of a job, newest first. */
export const listCheckpoints = (id: string) => listPage<FineTuningCheckpoint>(`${jobPath(id)}/checkpoints`);

/** Cancel, pause or resume a job. */
export const changeJob = (id: string, action: "cancel" | "pause" | "resume"): Promise<FineTuningJob> =>
  requestJson(`${jobPath(id)}/${action}`, { method: "POST" });

/** Upload a JSONL file of training rows and create a job. */
export async function startFineTuning({ file, model, method, epochs, suffix }: NewFineTuningJob) {
  const form = new FormData();
  form.set("purpose", "fine-tune");
  form.set("file", file);
  const uploadedFile = await requestJson<{ id: string }>("/v1/files", { method: "POST", body: form });
  const hyperparameters = epochs ? { n_epochs: epochs } : {};
  return requestJson<FineTuningJob>(JOBS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model,
      training_file: uploadedFile.id,
      method: { type: method, [method]: { hyperparameters } },
      suffix: suffix || undefined,
    }),
  });
}

const jobPath = (id: string) => `${JOBS}/${encodeURIComponent(id)}`;

function listPage<T>(path: string, after?: string): Promise<FineTuningPage<T>> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(after ? { after } : {}) });
  return requestJson(`${path}?${query}`);
}

async function requestJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await sendRequest(path, init);
  const body = await response.json().catch(() => null);
  if (!response.ok) throw ApiError.of(response.status, body);
  return body;
}

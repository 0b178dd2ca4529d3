import createClient, { type Middleware } from "openapi-fetch";
import { messagesNow } from "@/app/i18n";
import type { components, paths } from "./schema";

/** Schemas of the API by name, for example `Schema["Job"]`. */
export type Schema = components["schemas"];

/** What is wrong with one value of a request body: the path of the value and the message. */
export type Fault = { path: string; message: string };

/** Error response of the server: message and next step. `status` is 0 if the server did not respond. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly hint?: string,
    readonly code?: string,
    readonly faults: Fault[] = [],
  ) {
    super(title);
  }

  /** Create an error from a problem document (RFC 9457), an OpenAI error body or any other response body. */
  static of(status: number, body: unknown): ApiError {
    const problem = (body ?? {}) as Record<string, unknown>;
    const openaiError = problem.error as { message?: string; code?: string; hint?: string } | undefined;
    if (openaiError?.message) return new ApiError(status, openaiError.message, openaiError.hint, openaiError.code);
    const title = [problem.detail, problem.title].find((value) => typeof value === "string") as string | undefined;
    const faults = ((problem.errors ?? []) as { where: string; what: string }[]).map(({ where, what }) => ({
      path: where.replace(/^body\./, ""),
      message: what.replace(/^Value error, /, ""),
    }));
    return new ApiError(status, title ?? `HTTP ${status}`, problem.hint as string, problem.code as string, faults);
  }
}

type ReachabilityListener = (unreachable: boolean) => void;
const listeners = new Set<ReachabilityListener>();
let unreachable = false;

/**
 * Subscribe to changes of the server's reachability. Calls the listener at once with the current state. Returns the
 * unsubscribe function.
 */
export function onReachabilityChange(listener: ReachabilityListener): () => void {
  listeners.add(listener);
  listener(unreachable);
  return () => listeners.delete(listener);
}

function setUnreachable(value: boolean): void {
  if (value === unreachable) return;
  unreachable = value;
  for (const listener of listeners) listener(value);
  if (value) void pollUntilReachable();
}

async function pollUntilReachable(): Promise<void> {
  while (unreachable) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const response = await fetch("/health").catch(() => null);
    if (response?.ok) setUnreachable(false);
  }
}

/**
 * Send a request with `fetch` and record whether the server is reachable. Every request to the server uses this
 * function.
 */
export async function sendRequest(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    const response = await fetch(input, init);
    setUnreachable(false);
    return response;
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    setUnreachable(true);
    throw new ApiError(0, messagesNow()?.app.unreachable.title ?? "Server unreachable");
  }
}

const idempotency: Middleware = {
  onRequest({ request }) {
    if (request.method === "POST") request.headers.set("Idempotency-Key", crypto.randomUUID());
    return request;
  },
};

/** Typed client of the public API. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  fetch: sendRequest,
});
api.use(idempotency);

type ApiResponse<T> = { data?: T; error?: unknown; response: Response };

/** Return the data of a response. Throws ApiError if the request failed. */
export async function unwrap<T>(pending: Promise<ApiResponse<T>>): Promise<T> {
  const { data, error, response } = await pending;
  if (error !== undefined || !response.ok) throw ApiError.of(response.status, error);
  return data as T;
}

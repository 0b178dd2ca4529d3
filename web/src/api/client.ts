import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

/** The records of the API by name: `S["Job"]`. */
export type S = components["schemas"];

/** A refusal of the server: what is wrong, and what to do next. `status` is 0 when the server did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly hint?: string,
    readonly code?: string,
  ) {
    super(title);
  }

  /** Made from a problem document (RFC 9457), from an error of the OpenAI surface, or from whatever came. */
  static of(status: number, body: unknown): ApiError {
    const problem = (body ?? {}) as Record<string, unknown>;
    const openai = problem.error as { message?: string; code?: string; hint?: string } | undefined;
    if (openai?.message) return new ApiError(status, openai.message, openai.hint, openai.code);
    const title = [problem.detail, problem.title].find((part) => typeof part === "string") as string | undefined;
    return new ApiError(status, title ?? `HTTP ${status}`, problem.hint as string, problem.code as string);
  }
}

type Listener = (away: boolean) => void;
const listeners = new Set<Listener>();
let away = false;

/** Hear when the server stops and starts answering. */
export function onAway(listener: Listener): () => void {
  listeners.add(listener);
  listener(away);
  return () => listeners.delete(listener);
}

function report(now: boolean): void {
  if (now === away) return;
  away = now;
  for (const listener of listeners) listener(now);
  if (now) void watch();
}

async function watch(): Promise<void> {
  while (away) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const answer = await fetch("/health").catch(() => null);
    if (answer?.ok) report(false);
  }
}

/** `fetch` that knows when the server is away. Everything that asks the server goes through it. */
export async function reach(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    const answer = await fetch(input, init);
    report(false);
    return answer;
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    report(true);
    throw new ApiError(0, "the server does not answer");
  }
}

const once: Middleware = {
  onRequest({ request }) {
    if (request.method === "POST") request.headers.set("Idempotency-Key", crypto.randomUUID());
    return request;
  },
};

/** The typed client over the public API. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  fetch: reach,
});
api.use(once);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The value of an answer, or its error thrown: what a query or a mutation wants. */
export async function ok<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (error !== undefined || !response.ok) throw ApiError.of(response.status, error);
  return data as T;
}

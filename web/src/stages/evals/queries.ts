import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import type { Outcome } from "./search";

const PAGE = 100;
const isRunning = (run: Schema["EvalResult"] | undefined) => run?.status === "running" || run?.status === "queued";

/** Query the evaluations, newest first. */
export const runsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["evals", "runs"],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/evals/runs", { params: { query: { after: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: (query) => (query.state.data?.pages[0]?.some(isRunning) ? 3_000 : false),
  });

/** Query one evaluation, polled while it is running. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["evals", "run", id],
    queryFn: () => unwrap(api.GET("/api/v1/evals/runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (isRunning(query.state.data) ? 2_000 : false),
  });

/** Query the answers of an evaluation by position. */
export const answersQuery = (id: string, failed: boolean) =>
  infiniteQueryOptions({
    queryKey: ["evals", "answers", id, failed],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/evals/runs/{id}/outputs", {
          params: { path: { id }, query: { failed: failed || undefined, after: pageParam, limit: PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.position),
  });

/** Query the comparison of evaluation `b` with evaluation `a`, also in the slices of these specifications. */
export const comparisonQuery = (a: string, b: string, slices: string[] = []) =>
  queryOptions({
    queryKey: ["evals", "comparison", a, b, slices],
    queryFn: () =>
      unwrap(api.GET("/api/v1/evals/compare", { params: { query: { a, b, changes: 0, slice: slices } as never } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export type ExamplesFilter = { a: string; b: string; metric: string; outcome?: Outcome; text?: string; slice?: string };
const EXAMPLES_PAGE = 25;

/** Query the examples of two evaluations by position: those that `b` won, lost or tied on a metric, or all. */
export const comparedExamplesQuery = (filter: ExamplesFilter) =>
  infiniteQueryOptions({
    queryKey: ["evals", "compared", filter],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/evals/compare/changes", {
          params: { query: { ...filter, after: pageParam, limit: EXAMPLES_PAGE } },
        }),
      ),
    initialPageParam: -1,
    getNextPageParam: (last) => (last.length < EXAMPLES_PAGE ? undefined : last.at(-1)?.position),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query the options of the new evaluation form. */
export const choicesQuery = queryOptions({
  queryKey: ["evals", "choices"],
  queryFn: async () => {
    const [models, datasets, scorers] = await Promise.all([
      unwrap(api.GET("/api/v1/gateway/models")),
      unwrap(api.GET("/api/v1/data/datasets", { params: { query: { limit: 200 } } })),
      unwrap(api.GET("/api/v1/evals/scorers")),
    ]);
    return { models, datasets, scorers };
  },
});

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";

const PAGE = 100;
const running = (run: S["EvalResult"] | undefined) => run?.status === "running" || run?.status === "queued";

/** The runs, newest first. */
export const runsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["evals", "runs"],
    queryFn: ({ pageParam }) =>
      ok(api.GET("/api/v1/evals/runs", { params: { query: { after: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: (query) => (query.state.data?.pages[0]?.some(running) ? 3_000 : false),
  });

/** One run; asked for again while it runs. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["evals", "run", id],
    queryFn: () => ok(api.GET("/api/v1/evals/runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (running(query.state.data) ? 2_000 : false),
  });

/** A run's answers by position. */
export const answersQuery = (id: string, failed: boolean) =>
  infiniteQueryOptions({
    queryKey: ["evals", "answers", id, failed],
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/api/v1/evals/runs/{id}/examples", {
          params: { path: { id }, query: { failed: failed || undefined, after: pageParam, limit: PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.position),
  });

/** Run `b` against run `a`. */
export const comparisonQuery = (a: string, b: string) =>
  queryOptions({
    queryKey: ["evals", "comparison", a, b],
    queryFn: () => ok(api.GET("/api/v1/evals/compare", { params: { query: { a, b, changes: 500 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What a new run can choose from. */
export const choicesQuery = queryOptions({
  queryKey: ["evals", "choices"],
  queryFn: async () => {
    const [models, datasets, scorers] = await Promise.all([
      ok(api.GET("/api/v1/gateway/models")),
      ok(api.GET("/api/v1/data/datasets", { params: { query: { limit: 200 } } })),
      ok(api.GET("/api/v1/evals/scorers")),
    ]);
    return { models, datasets, scorers };
  },
});

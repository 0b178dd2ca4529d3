import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";

const PAGE = 100;
export const isLive = (run: Pick<S["Run"], "status"> | undefined) =>
  run?.status === "running" || run?.status === "queued";

/** The runs, newest first. */
export const runsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["training", "runs"],
    queryFn: ({ pageParam }) =>
      ok(api.GET("/api/v1/experiments/runs", { params: { query: { after: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: (query) => (query.state.data?.pages[0]?.some(isLive) ? 3_000 : false),
  });

/** One run. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["training", "run", id],
    queryFn: () => ok(api.GET("/api/v1/experiments/runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (isLive(query.state.data) ? 3_000 : false),
  });

/** The curves of a run, at most 1,000 points each. */
export const curvesQuery = (id: string) =>
  queryOptions({
    queryKey: ["training", "curves", id],
    queryFn: () =>
      ok(api.GET("/api/v1/experiments/runs/{id}/metrics", { params: { path: { id }, query: { points: 1000 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Runs side by side. */
export const comparisonQuery = (ids: string[]) =>
  queryOptions({
    queryKey: ["training", "comparison", ...ids],
    queryFn: () => ok(api.GET("/api/v1/experiments/compare", { params: { query: { run: ids } } })),
    enabled: ids.length > 0,
  });

/** What a new run can choose from. */
export const choicesQuery = queryOptions({
  queryKey: ["training", "choices"],
  queryFn: async () => {
    const [recipes, models, datasets] = await Promise.all([
      ok(api.GET("/api/v1/training/recipes")),
      ok(api.GET("/api/v1/registry/models", { params: { query: { limit: 200 } } })),
      ok(api.GET("/api/v1/data/datasets", { params: { query: { limit: 200 } } })),
    ]);
    return { recipes, models, datasets };
  },
});

/** What a run would take; the last estimate stays while the next one comes. */
export const planQuery = (wanted: S["TrainingWanted"]) =>
  queryOptions({
    queryKey: ["training", "plan", wanted],
    queryFn: ({ signal }) => ok(api.POST("/api/v1/training/plan", { body: wanted, signal })),
    enabled: Boolean(wanted.base && wanted.dataset),
    placeholderData: keepPreviousData,
    retry: false,
  });

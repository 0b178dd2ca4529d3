import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

const PAGE = 100;
export const isLive = (run: Pick<Schema["TrainingRun"], "status"> | undefined) =>
  run?.status === "running" || run?.status === "queued";

/** Query the training runs, newest first. */
export const runsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["training", "runs"],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/experiments/runs", { params: { query: { after: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: (query) => (query.state.data?.pages[0]?.some(isLive) ? 3_000 : false),
  });

/** Query one training run. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["training", "run", id],
    queryFn: () => unwrap(api.GET("/api/v1/experiments/runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (isLive(query.state.data) ? 3_000 : false),
  });

/** Query the curves of a run, at most 1,000 points each. */
export const curvesQuery = (id: string) =>
  queryOptions({
    queryKey: ["training", "curves", id],
    queryFn: () =>
      unwrap(api.GET("/api/v1/experiments/runs/{id}/metrics", { params: { path: { id }, query: { points: 1000 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query the samples of one step, or of the newest step with samples. Refetched while the run is live. */
export const samplesQuery = (id: string, step: number | null, running: boolean) =>
  queryOptions({
    queryKey: ["training", "samples", id, step],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/experiments/runs/{id}/samples", {
          params: { path: { id }, query: { step: step ?? undefined } },
        }),
      ),
    refetchInterval: running ? 3_000 : false,
  });

/** Query the comparison of several runs. */
export const comparisonQuery = (ids: string[]) =>
  queryOptions({
    queryKey: ["training", "comparison", ...ids],
    queryFn: () => unwrap(api.GET("/api/v1/experiments/compare", { params: { query: { run: ids } } })),
    enabled: ids.length > 0,
  });

/** Query the recipes with the schemas of their settings. */
export const recipesQuery = queryOptions({
  queryKey: ["training", "recipes"],
  queryFn: () => unwrap(api.GET("/api/v1/training/recipes")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Query the options of the new run form. */
export const choicesQuery = queryOptions({
  queryKey: ["training", "choices"],
  queryFn: async () => {
    const [recipes, models, datasets] = await Promise.all([
      unwrap(api.GET("/api/v1/training/recipes")),
      unwrap(api.GET("/api/v1/registry/models", { params: { query: { limit: 200 } } })),
      unwrap(api.GET("/api/v1/data/datasets", { params: { query: { limit: 200 } } })),
    ]);
    return { recipes, models, datasets };
  },
});

/** Query the estimate of a run. The previous estimate is shown until the next one arrives. */
export const planQuery = (request: Schema["TrainingRequest"]) =>
  queryOptions({
    queryKey: ["training", "plan", request],
    queryFn: ({ signal }) => unwrap(api.POST("/api/v1/training/plan", { body: request, signal })),
    enabled: Boolean(request.dataset),
    placeholderData: keepPreviousData,
    retry: false,
  });

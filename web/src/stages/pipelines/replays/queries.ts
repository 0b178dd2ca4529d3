import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Replay = Schema["PipelineReplay"];
const PER_PAGE = 50;
const RUNS_PER_PAGE = 100;
const REFRESH_MS = 3_000;
const OPEN_STATUSES: readonly string[] = ["queued", "running"];

/** Return true if a replay has not ended. */
export const isOpen = (replay: Pick<Replay, "status">): boolean => OPEN_STATUSES.includes(replay.status);

/** Query the replays of a pipeline, newest first, repeatedly while some are running. */
export const replaysQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["pipelines", "replays", name],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/pipelines/{name}/replays", {
          params: { path: { name }, query: { after: pageParam, limit: PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length === PER_PAGE ? page.at(-1)?.id : undefined),
    refetchInterval: (query) => (query.state.data?.pages.flat().some(isOpen) ? REFRESH_MS : false),
  });

/** Query a replay, repeatedly until it has ended. */
export const replayQuery = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", "replay", id],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/replays/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && isOpen(query.state.data) ? REFRESH_MS : false),
  });

/** Query the runs of a replay by position, with `key` as its last known state. */
export const replayedRunsQuery = (id: string, key: string) =>
  infiniteQueryOptions({
    queryKey: ["pipelines", "replay-runs", id, key],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/pipelines/replays/{id}/runs", {
          params: { path: { id }, query: { after: pageParam, limit: RUNS_PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length === RUNS_PER_PAGE ? page.at(-1)?.position : undefined),
    placeholderData: (previous) => previous,
  });

/** Query the comparison of the original with the new outputs of a replay that has ended. */
export const replayComparisonQuery = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", "replay-comparison", id],
    queryFn: () =>
      unwrap(api.GET("/api/v1/pipelines/replays/{id}/comparison", { params: { path: { id }, query: { changes: 0 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import type { Fields } from "../model/definition";

export type PipelineRun = Schema["PipelineRun"];
export type RunStep = Schema["RunStep"];
export type RunDetails = Schema["PipelineRunDetails"];

/** Names of the events of a run. */
export const RUN_EVENTS = [
  "run_started",
  "step_started",
  "delta",
  "step_waiting",
  "step_ended",
  "run_waiting",
  "run_ended",
];
const REFRESH_MS = 3_000;
const RUNS_PER_PAGE = 50;
const OPEN_STATES: readonly string[] = ["queued", "running"];

/** Query the runs of a pipeline, newest first, repeatedly while some are running. */
export const runsQuery = (pipeline: string) =>
  infiniteQueryOptions({
    queryKey: ["pipelines", "runs", pipeline],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/pipelines/runs", { params: { query: { pipeline, after: pageParam, limit: RUNS_PER_PAGE } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length === RUNS_PER_PAGE ? page.at(-1)?.id : undefined),
    refetchInterval: (query) =>
      query.state.data?.pages.flat().some((run) => OPEN_STATES.includes(run.state)) ? REFRESH_MS : false,
  });

/** Query the newest runs of the project. */
export const recentRunsQuery = queryOptions({
  queryKey: ["pipelines", "recent-runs"],
  queryFn: () => unwrap(api.GET("/api/v1/pipelines/runs", { params: { query: { limit: 200 } } })),
});

/** Query the newest run of a pipeline that has ended, or null. */
export const lastRunQuery = (pipeline: string) =>
  queryOptions({
    queryKey: ["pipelines", "last-run", pipeline],
    queryFn: async () => {
      const runs = await unwrap(api.GET("/api/v1/pipelines/runs", { params: { query: { pipeline, limit: 20 } } }));
      return runs.find((run) => run.state === "succeeded" || run.state === "failed") ?? null;
    },
    staleTime: 0,
  });

/** Query a run with its steps, repeatedly while it is running. The events of the run reload it earlier. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", "run", id],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/runs/{run_id}", { params: { path: { run_id: id } } })),
    refetchInterval: (query) => (OPEN_STATES.includes(query.state.data?.state ?? "") ? REFRESH_MS : false),
  });

/** Query the definition that a run executes. */
export const runDefinitionQuery = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", "run-definition", id],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/runs/{run_id}/definition", { params: { path: { run_id: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Address of the events of a run. */
export const runEventsUrl = (id: string): string => `/api/v1/pipelines/runs/${id}/events`;

type RunBody = Schema["PipelineRunCreate"];

/** Start a run in the background: of the stored pipeline, or of a draft of it that is not stored. */
export function startRun(name: string, inputs: Fields, draft?: string): Promise<RunDetails> {
  const body = { inputs, mode: "background" } as RunBody;
  if (draft === undefined)
    return unwrap(api.POST("/api/v1/pipelines/{name}/runs", { params: { path: { name } }, body }));
  return unwrap(
    api.POST("/api/v1/pipelines/runs", {
      body: { ...body, definition: draft, pipeline: name } as Schema["DefinitionRunCreate"],
    }),
  );
}

/** Cancel a run. */
export const cancelRun = (id: string): Promise<PipelineRun> =>
  unwrap(api.POST("/api/v1/pipelines/runs/{run_id}/cancel", { params: { path: { run_id: id } } }));

/** Send the decision of an approval. */
export const decide = (id: string, path: string, approved: boolean, comment: string): Promise<RunStep> =>
  unwrap(
    api.POST("/api/v1/pipelines/runs/{run_id}/steps/{path}/decision", {
      params: { path: { run_id: id, path } },
      body: { approved, comment },
    }),
  );

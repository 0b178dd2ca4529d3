import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

const isRunning = (one: Schema["Calibration"]) => one.status === "running" || one.status === "queued";

/** Query all judges with their newest calibrations. */
export const judgesQuery = queryOptions({
  queryKey: ["judges", "list"],
  queryFn: () => unwrap(api.GET("/api/v1/evals/judges")),
});

/** Query a judge with its versions and calibrations, polled while a calibration is running. */
export const judgeQuery = (ref: string) =>
  queryOptions({
    queryKey: ["judges", "one", ref],
    queryFn: () => unwrap(api.GET("/api/v1/evals/judges/{ref}", { params: { path: { ref } } })),
    refetchInterval: (query) => (query.state.data?.calibrations.some(isRunning) ? 2_000 : false),
  });

/** Query the numbers of labels by task. */
export const labelCountsQuery = queryOptions({
  queryKey: ["judges", "labels"],
  queryFn: () => unwrap(api.GET("/api/v1/evals/labels")),
});

/** Query outputs of a run that the user has not labelled. */
export const labelQueueQuery = (run: string) =>
  queryOptions({
    queryKey: ["judges", "queue", run],
    queryFn: () =>
      unwrap(api.GET("/api/v1/evals/runs/{id}/labels/next", { params: { path: { id: run }, query: { limit: 500 } } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

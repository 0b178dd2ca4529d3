import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Suite = Schema["Suite"];
export type SuiteRun = Schema["SuiteRun"];
const isRunning = (run: SuiteRun | undefined) => run?.status === "running" || run?.status === "queued";

/** Query the newest version of every suite. */
export const suitesQuery = queryOptions({
  queryKey: ["evals", "suites"],
  queryFn: () => unwrap(api.GET("/api/v1/evals/suites", { params: { query: { limit: 500 } } })),
});

/** Query one suite. */
export const suiteQuery = (ref: string) =>
  queryOptions({
    queryKey: ["evals", "suite", ref],
    queryFn: () => unwrap(api.GET("/api/v1/evals/suites/{ref}", { params: { path: { ref } } })),
  });

/** Query the newest runs of a suite, polled while one is running. */
export const suiteRunsQuery = (suite: string) =>
  queryOptions({
    queryKey: ["evals", "suite-runs", suite],
    queryFn: () => unwrap(api.GET("/api/v1/evals/suite-runs", { params: { query: { suite, limit: 100 } } })),
    refetchInterval: (query) => (query.state.data?.some(isRunning) ? 3_000 : false),
  });

/** Query one suite run, polled while it is running. */
export const suiteRunQuery = (id: string) =>
  queryOptions({
    queryKey: ["evals", "suite-run", id],
    queryFn: () => unwrap(api.GET("/api/v1/evals/suite-runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (isRunning(query.state.data) ? 2_000 : false),
  });

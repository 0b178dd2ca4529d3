import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";

/** Query the loop runs, newest first. */
export const loopRunsQuery = () =>
  queryOptions({
    queryKey: ["loop", "runs"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/runs", { params: { query: { limit: 100 } } })),
    refetchInterval: 5_000,
  });

/** Query one loop run. */
export const loopRunQuery = (id: string) =>
  queryOptions({
    queryKey: ["loop", "run", id],
    queryFn: () => unwrap(api.GET("/api/v1/loop/runs/{id}", { params: { path: { id } } })),
  });

/** Query the canaries, newest first, without their history. */
export const canariesQuery = () =>
  queryOptions({
    queryKey: ["loop", "canaries"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/canaries", { params: { query: { limit: 100 } } })),
    refetchInterval: 5_000,
  });

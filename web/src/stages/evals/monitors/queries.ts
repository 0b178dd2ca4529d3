import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Monitor = Schema["Monitor"];
export type Alarm = Schema["MonitorAlarm"];
export type ReviewItem = Schema["ReviewItem"];
const POLL_MS = 5_000;

/** Query the monitors by name. */
export const monitorsQuery = queryOptions({
  queryKey: ["monitors", "list"],
  queryFn: () => unwrap(api.GET("/api/v1/evals/monitors")),
  refetchInterval: POLL_MS,
});

/** Query one monitor. */
export const monitorQuery = (name: string) =>
  queryOptions({
    queryKey: ["monitors", "one", name],
    queryFn: () => unwrap(api.GET("/api/v1/evals/monitors/{name}", { params: { path: { name } } })),
    refetchInterval: POLL_MS,
  });

/** Query the mean scores of a monitor by hour. */
export const historyQuery = (name: string) =>
  queryOptions({
    queryKey: ["monitors", "history", name],
    queryFn: () => unwrap(api.GET("/api/v1/evals/monitors/{name}/history", { params: { path: { name } } })),
    refetchInterval: 15_000,
  });

/** Query the newest samples of a monitor. */
export const samplesQuery = (name: string) =>
  queryOptions({
    queryKey: ["monitors", "samples", name],
    queryFn: () =>
      unwrap(api.GET("/api/v1/evals/monitors/{name}/samples", { params: { path: { name }, query: { limit: 20 } } })),
    refetchInterval: POLL_MS,
  });

/** Query the newest alarms of a monitor. */
export const alarmsQuery = (monitor: string) =>
  queryOptions({
    queryKey: ["monitors", "alarms", monitor],
    queryFn: () => unwrap(api.GET("/api/v1/evals/alarms", { params: { query: { monitor, limit: 50 } } })),
    refetchInterval: POLL_MS,
  });

/** Query the newest review items. */
export const reviewsQuery = (status: "open" | "done", monitor?: string) =>
  queryOptions({
    queryKey: ["monitors", "reviews", status, monitor],
    queryFn: () => unwrap(api.GET("/api/v1/evals/reviews", { params: { query: { status, monitor, limit: 500 } } })),
    refetchInterval: POLL_MS,
  });

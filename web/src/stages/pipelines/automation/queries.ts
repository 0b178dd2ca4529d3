import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Schedule = Schema["Schedule"];
export type Webhook = Schema["Webhook"];
const REFRESH_MS = 15_000;

/** Query the schedules of a pipeline, repeatedly, because their next runs change. */
export const schedulesQuery = (name: string) =>
  queryOptions({
    queryKey: ["pipelines", "schedules", name],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/{name}/schedules", { params: { path: { name } } })),
    refetchInterval: REFRESH_MS,
  });

/** Query the webhooks of a pipeline. */
export const webhooksQuery = (name: string) =>
  queryOptions({
    queryKey: ["pipelines", "webhooks", name],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/{name}/webhooks", { params: { path: { name } } })),
  });

/** Query the results that a webhook sends or has sent, newest first. */
export const deliveriesQuery = (name: string, webhook: string) =>
  queryOptions({
    queryKey: ["pipelines", "deliveries", name, webhook],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/pipelines/{name}/webhooks/{webhook}/deliveries", { params: { path: { name, webhook } } }),
      ),
    refetchInterval: (query) => (query.state.data?.some((one) => one.state === "pending") ? REFRESH_MS : false),
  });

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";
import { settled } from "./deployment";

const PAGE = 50;

/** The deployments by name, asked again every few seconds: they change by themselves. */
export const deployments = () =>
  infiniteQueryOptions({
    queryKey: ["serving", "deployments"],
    queryFn: ({ pageParam: after }) =>
      ok(api.GET("/api/v1/serving/deployments", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: "",
    getNextPageParam: (last: S["Deployment"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
    refetchInterval: 5_000,
  });

/** One deployment; asked for more often while it is on its way. */
export const deployment = (name: string) =>
  queryOptions({
    queryKey: ["serving", "deployment", name],
    queryFn: () => ok(api.GET("/api/v1/serving/deployments/{name}", { params: { path: { name } } })),
    refetchInterval: (query) => (query.state.data && settled(query.state.data) ? 5_000 : 1_500),
  });

/** The end of the engine's log. */
export const log = (name: string, lines: number, follow: boolean) =>
  queryOptions({
    queryKey: ["serving", "log", name, lines],
    queryFn: () =>
      ok(api.GET("/api/v1/serving/deployments/{name}/log", { params: { path: { name }, query: { lines } } })),
    refetchInterval: follow ? 2_000 : false,
  });

/** The calls of the last 24 hours by model. */
export const calls = () =>
  queryOptions({
    queryKey: ["serving", "calls"],
    queryFn: () => ok(api.GET("/api/v1/gateway/usage", { params: { query: { by: "model", bucket: "hour" } } })),
    refetchInterval: 15_000,
  });

/** The models, for the form. */
export const models = () =>
  queryOptions({
    queryKey: ["serving", "models"],
    queryFn: () => ok(api.GET("/api/v1/registry/models", { params: { query: { limit: 500 } } })),
  });

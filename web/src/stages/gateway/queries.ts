import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { bucketForRange, type Grouping, type Range, rangeStart } from "./usage";

const PAGE = 50;
const LIVE_INTERVAL_MS = 2_000;

/** Query the usage since the start of the range, by group. */
export const usageQuery = (range: Range, by: Grouping | "none") =>
  queryOptions({
    queryKey: ["gateway", "usage", range, by],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/gateway/usage", {
          params: { query: { by, bucket: bucketForRange(range), since: rangeStart(range) } },
        }),
      ),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

/** Query the routes by name. */
export const routesQuery = () =>
  infiniteQueryOptions({
    queryKey: ["gateway", "routes"],
    queryFn: ({ pageParam: after }) =>
      unwrap(api.GET("/api/v1/gateway/routes", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: "",
    getNextPageParam: (last: Schema["Route"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
  });

export const routeQuery = (name: string, live: boolean) =>
  queryOptions({
    queryKey: ["gateway", "route", name],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/routes/{name}", { params: { path: { name } } })),
    refetchInterval: live ? LIVE_INTERVAL_MS : 10_000,
  });

export const historyQuery = (name: string) =>
  queryOptions({
    queryKey: ["gateway", "history", name],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/routes/{name}/history", { params: { path: { name } } })),
  });

/** Query all names that can be called. */
export const callableModelsQuery = () =>
  queryOptions({ queryKey: ["gateway", "models"], queryFn: () => unwrap(api.GET("/api/v1/gateway/models")) });

export const canariesQuery = () =>
  queryOptions({
    queryKey: ["gateway", "canaries"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/canaries", { params: { query: { limit: 200 } } })),
    refetchInterval: 5_000,
  });

/** Query a canary with its history, polled while it is running. */
export const canaryQuery = (id: string) =>
  queryOptions({
    queryKey: ["gateway", "canary", id],
    queryFn: () => unwrap(api.GET("/api/v1/loop/canaries/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && query.state.data.status !== "running" ? false : LIVE_INTERVAL_MS),
  });

/** Query the providers. With `probe`, the server contacts each provider, which takes longer. */
export const providersQuery = (probe: boolean) =>
  queryOptions({
    queryKey: ["gateway", "providers", probe],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/providers", { params: { query: { probe } } })),
    staleTime: probe ? 30_000 : 5_000,
  });

export const keysQuery = () =>
  queryOptions({ queryKey: ["gateway", "keys"], queryFn: () => unwrap(api.GET("/api/v1/access/keys")) });

/** Query limits and budgets with their usage. */
export const limitsQuery = () =>
  queryOptions({
    queryKey: ["gateway", "limits"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/limits")),
    refetchInterval: 5_000,
  });

/** Query the usage of the last 30 days, by group. */
export const ledgerQuery = (
  by: "key" | "user" | "model" | "route" | "tag" | "day",
  bucket: "whole" | "hour" | "day" | "month",
) =>
  queryOptions({
    queryKey: ["gateway", "ledger", by, bucket],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/gateway/ledger", {
          params: { query: { by, bucket: bucket === "whole" ? undefined : bucket } },
        }),
      ),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

/** Query the health of the targets of all routes. */
export const targetHealthQuery = () =>
  queryOptions({
    queryKey: ["gateway", "targets"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/targets")),
    refetchInterval: LIVE_INTERVAL_MS,
  });

/** Query the custom prices. */
export const customPricesQuery = () =>
  queryOptions({ queryKey: ["gateway", "prices"], queryFn: () => unwrap(api.GET("/api/v1/gateway/prices")) });

/** Query the cache statistics of each route. */
export const cacheStatsQuery = () =>
  queryOptions({
    queryKey: ["gateway", "cache"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/cache")),
    refetchInterval: 10_000,
  });

/** Query the summary of a route's shadow results. */
export const shadowStatsQuery = (route: string) =>
  queryOptions({
    queryKey: ["gateway", "shadow", "summary", route],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/shadow/summary", { params: { query: { route, kind: "shadow" } } })),
    refetchInterval: 15_000,
  });

/** Query the newest shadow results of a route, each with the original response. */
export const shadowResultsQuery = (route: string) =>
  queryOptions({
    queryKey: ["gateway", "shadow", "results", route],
    queryFn: () =>
      unwrap(api.GET("/api/v1/gateway/shadow/results", { params: { query: { route, kind: "shadow", limit: 50 } } })),
    refetchInterval: 15_000,
  });

/** Query the batches, newest first. */
export const batchesQuery = () =>
  queryOptions({
    queryKey: ["gateway", "batches"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/batches", { params: { query: { limit: 200 } } })),
    refetchInterval: LIVE_INTERVAL_MS,
  });

/** Query the guards that apply to all calls of the project. */
export const guardsQuery = () =>
  queryOptions({ queryKey: ["gateway", "guards"], queryFn: () => unwrap(api.GET("/api/v1/gateway/guards")) });

/** Query all installed guards. */
export const guardTypesQuery = () =>
  queryOptions({
    queryKey: ["gateway", "guards", "types"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/guards/types")),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query the masking self-test, which runs on request. */
export const selfTestQuery = () =>
  queryOptions({
    queryKey: ["gateway", "guards", "self-test"],
    queryFn: () => unwrap(api.POST("/api/v1/gateway/guards/self-test")),
    staleTime: 60_000,
  });

/** Query the names of the knowledge bases that a key may be restricted to. */
export const knowledgeBaseNamesQuery = () =>
  queryOptions({
    queryKey: ["gateway", "knowledge-bases"],
    queryFn: async () => (await unwrap(api.GET("/api/v1/knowledge/bases"))).map((base) => base.name),
  });

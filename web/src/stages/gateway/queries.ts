import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";
import { bucketOf, type Grouping, type Range, sinceOf } from "./usage";

const PAGE = 50;
const LIVE = 2_000;

/** What calls consumed since the range began, by group. */
export const usage = (range: Range, by: Grouping | "none") =>
  queryOptions({
    queryKey: ["gateway", "usage", range, by],
    queryFn: () =>
      ok(
        api.GET("/api/v1/gateway/usage", {
          params: { query: { by, bucket: bucketOf(range), since: sinceOf(range) } },
        }),
      ),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

/** The routes by name. */
export const routesList = () =>
  infiniteQueryOptions({
    queryKey: ["gateway", "routes"],
    queryFn: ({ pageParam: after }) =>
      ok(api.GET("/api/v1/gateway/routes", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: "",
    getNextPageParam: (last: S["Route"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
  });

export const routeOf = (name: string, live: boolean) =>
  queryOptions({
    queryKey: ["gateway", "route", name],
    queryFn: () => ok(api.GET("/api/v1/gateway/routes/{name}", { params: { path: { name } } })),
    refetchInterval: live ? LIVE : 10_000,
  });

export const history = (name: string) =>
  queryOptions({
    queryKey: ["gateway", "history", name],
    queryFn: () => ok(api.GET("/api/v1/gateway/routes/{name}/history", { params: { path: { name } } })),
  });

/** Every name that can be called. */
export const callable = () =>
  queryOptions({ queryKey: ["gateway", "models"], queryFn: () => ok(api.GET("/api/v1/gateway/models")) });

export const canaries = () =>
  queryOptions({
    queryKey: ["gateway", "canaries"],
    queryFn: () => ok(api.GET("/api/v1/loop/canaries", { params: { query: { limit: 200 } } })),
    refetchInterval: 5_000,
  });

/** A canary with its trail; asked for again and again while it runs. */
export const canary = (id: string) =>
  queryOptions({
    queryKey: ["gateway", "canary", id],
    queryFn: () => ok(api.GET("/api/v1/loop/canaries/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && query.state.data.status !== "running" ? false : LIVE),
  });

/** The providers. With `probe` each is asked whether it answers, which takes its time. */
export const providers = (probe: boolean) =>
  queryOptions({
    queryKey: ["gateway", "providers", probe],
    queryFn: () => ok(api.GET("/api/v1/gateway/providers", { params: { query: { probe } } })),
    staleTime: probe ? 30_000 : 5_000,
  });

export const keys = () =>
  queryOptions({ queryKey: ["gateway", "keys"], queryFn: () => ok(api.GET("/api/v1/access/keys")) });

/** Limits and budgets, and how far each is. */
export const limits = () =>
  queryOptions({
    queryKey: ["gateway", "limits"],
    queryFn: () => ok(api.GET("/api/v1/gateway/limits")),
    refetchInterval: 5_000,
  });

/** What the calls of the last 30 days used, by group. */
export const ledger = (
  by: "key" | "user" | "model" | "route" | "tag" | "day",
  bucket: "whole" | "hour" | "day" | "month",
) =>
  queryOptions({
    queryKey: ["gateway", "ledger", by, bucket],
    queryFn: () =>
      ok(
        api.GET("/api/v1/gateway/ledger", {
          params: { query: { by, bucket: bucket === "whole" ? undefined : bucket } },
        }),
      ),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

/** How the targets of all routes stand. */
export const targets = () =>
  queryOptions({
    queryKey: ["gateway", "targets"],
    queryFn: () => ok(api.GET("/api/v1/gateway/targets")),
    refetchInterval: LIVE,
  });

/** Prices of your own. */
export const ownPrices = () =>
  queryOptions({ queryKey: ["gateway", "prices"], queryFn: () => ok(api.GET("/api/v1/gateway/prices")) });

/** What is kept of each route's answers. */
export const cacheStates = () =>
  queryOptions({
    queryKey: ["gateway", "cache"],
    queryFn: () => ok(api.GET("/api/v1/gateway/cache")),
    refetchInterval: 10_000,
  });

/** What the second targets of a route said, in all. */
export const comparedTargets = (route: string) =>
  queryOptions({
    queryKey: ["gateway", "compared", route],
    queryFn: () => ok(api.GET("/api/v1/gateway/comparisons/summary", { params: { query: { route, kind: "shadow" } } })),
    refetchInterval: 15_000,
  });

/** The newest pairs of answers of a route. */
export const pairsOf = (route: string) =>
  queryOptions({
    queryKey: ["gateway", "pairs", route],
    queryFn: () =>
      ok(api.GET("/api/v1/gateway/comparisons", { params: { query: { route, kind: "shadow", limit: 50 } } })),
    refetchInterval: 15_000,
  });

/** The batches, newest first. */
export const batches = () =>
  queryOptions({
    queryKey: ["gateway", "batches"],
    queryFn: () => ok(api.GET("/api/v1/gateway/batches", { params: { query: { limit: 200 } } })),
    refetchInterval: LIVE,
  });

/** The guards of all the project's calls. */
export const guards = () =>
  queryOptions({ queryKey: ["gateway", "guards"], queryFn: () => ok(api.GET("/api/v1/gateway/guards")) });

/** Every guard that is installed. */
export const guardKinds = () =>
  queryOptions({
    queryKey: ["gateway", "guards", "kinds"],
    queryFn: () => ok(api.GET("/api/v1/gateway/guards/kinds")),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Whether masking works, tested when it is asked. */
export const selfTest = () =>
  queryOptions({
    queryKey: ["gateway", "guards", "self-test"],
    queryFn: () => ok(api.GET("/api/v1/gateway/guards/self-test")),
    staleTime: 60_000,
  });

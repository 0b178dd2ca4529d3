import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";

const PAGE = 50;

/** The models by name, page by page. */
export const models = () =>
  infiniteQueryOptions({
    queryKey: ["registry", "models"],
    queryFn: ({ pageParam: after }) =>
      ok(api.GET("/api/v1/registry/models", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: S["Model"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
  });

/** The versions of a model, newest first. */
export const versions = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["registry", "versions", name],
    queryFn: ({ pageParam: after }) =>
      ok(
        api.GET("/api/v1/registry/models/{name}/versions", {
          params: { path: { name }, query: { after, limit: PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: S["ModelVersion"][]) => (last.length < PAGE ? undefined : last.at(-1)?.number),
  });

/** The version that a ref names. */
export const version = (ref: string) =>
  queryOptions({
    queryKey: ["registry", "version", ref],
    queryFn: () => ok(api.GET("/api/v1/registry/versions/{ref}", { params: { path: { ref } } })),
  });

/** Where the aliases point now, or every move. */
export const aliases = (name: string, history: boolean) =>
  queryOptions({
    queryKey: ["registry", "aliases", name, history],
    queryFn: () =>
      ok(api.GET("/api/v1/registry/models/{name}/aliases", { params: { path: { name }, query: { history } } })),
  });

/** Where a thing comes from and what came of it. */
export const lineage = (of: string) =>
  queryOptions({
    queryKey: ["registry", "lineage", of],
    queryFn: () => ok(api.GET("/api/v1/registry/lineage", { params: { query: { of } } })),
  });

export const deployments = () =>
  queryOptions({
    queryKey: ["registry", "deployments"],
    queryFn: () => ok(api.GET("/api/v1/serving/deployments", { params: { query: { limit: 500 } } })),
  });

export const evaluations = () =>
  queryOptions({
    queryKey: ["registry", "evaluations"],
    queryFn: () => ok(api.GET("/api/v1/evals/runs", { params: { query: { limit: 200 } } })),
  });

export const comparison = (a: string, b: string) =>
  queryOptions({
    queryKey: ["registry", "comparison", a, b],
    queryFn: () => ok(api.GET("/api/v1/evals/compare", { params: { query: { a, b } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const canaries = () =>
  queryOptions({
    queryKey: ["registry", "canaries"],
    queryFn: () => ok(api.GET("/api/v1/loop/canaries", { params: { query: { limit: 200 } } })),
  });

export const span = (id: string) =>
  queryOptions({
    queryKey: ["registry", "span", id],
    queryFn: () => ok(api.GET("/api/v1/traces/spans/{id}", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const dataset = (ref: string) =>
  queryOptions({
    queryKey: ["registry", "dataset", ref],
    queryFn: () => ok(api.GET("/api/v1/data/versions/{ref}", { params: { path: { ref } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The rows that taught: the training split where there is one. */
export const taughtRows = (ref: string, split: string | undefined, text: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["registry", "rows", ref, split, text],
    queryFn: ({ pageParam: after }) =>
      ok(
        api.GET("/api/v1/data/versions/{ref}/rows", {
          params: { path: { ref }, query: { after, limit: PAGE, split, text } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last: S["Row"][]) => (last.length < PAGE ? undefined : last.at(-1)?.number),
  });

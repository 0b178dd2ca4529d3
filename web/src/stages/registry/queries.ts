import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

const PAGE = 50;

/** Query the models by name, page by page. */
export const modelsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["registry", "models"],
    queryFn: ({ pageParam: after }) =>
      unwrap(api.GET("/api/v1/registry/models", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Schema["RegisteredModel"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
  });

/** Query the versions of a model, newest first. */
export const versionsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["registry", "versions", name],
    queryFn: ({ pageParam: after }) =>
      unwrap(
        api.GET("/api/v1/registry/models/{name}/versions", {
          params: { path: { name }, query: { after, limit: PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: Schema["ModelVersion"][]) => (last.length < PAGE ? undefined : last.at(-1)?.number),
  });

/** Query the version that a ref names. */
export const versionQuery = (ref: string) =>
  queryOptions({
    queryKey: ["registry", "version", ref],
    queryFn: () => unwrap(api.GET("/api/v1/registry/versions/{ref}", { params: { path: { ref } } })),
  });

/** Query the current aliases of a model, or every alias change. */
export const aliasesQuery = (name: string, history: boolean) =>
  queryOptions({
    queryKey: ["registry", "aliases", name, history],
    queryFn: () =>
      unwrap(api.GET("/api/v1/registry/models/{name}/aliases", { params: { path: { name }, query: { history } } })),
  });

/** Query the ancestors and descendants of an entity. */
export const lineageQuery = (ref: string) =>
  queryOptions({
    queryKey: ["registry", "lineage", ref],
    queryFn: () => unwrap(api.GET("/api/v1/registry/lineage", { params: { query: { ref } } })),
  });

export const deploymentsQuery = () =>
  queryOptions({
    queryKey: ["registry", "deployments"],
    queryFn: () => unwrap(api.GET("/api/v1/serving/deployments", { params: { query: { limit: 500 } } })),
  });

export const evaluationsQuery = () =>
  queryOptions({
    queryKey: ["registry", "evaluations"],
    queryFn: () => unwrap(api.GET("/api/v1/evals/runs", { params: { query: { limit: 200 } } })),
  });

export const comparisonQuery = (a: string, b: string) =>
  queryOptions({
    queryKey: ["registry", "comparison", a, b],
    queryFn: () => unwrap(api.GET("/api/v1/evals/compare", { params: { query: { a, b } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const canariesQuery = () =>
  queryOptions({
    queryKey: ["registry", "canaries"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/canaries", { params: { query: { limit: 200 } } })),
  });

export const spanQuery = (id: string) =>
  queryOptions({
    queryKey: ["registry", "span", id],
    queryFn: () => unwrap(api.GET("/api/v1/traces/spans/{id}", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const datasetQuery = (ref: string) =>
  queryOptions({
    queryKey: ["registry", "dataset", ref],
    queryFn: () => unwrap(api.GET("/api/v1/data/versions/{ref}", { params: { path: { ref } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query the training rows: those of the given split, if any. */
export const trainingRowsQuery = (ref: string, split: string | undefined, text: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["registry", "rows", ref, split, text],
    queryFn: ({ pageParam: after }) =>
      unwrap(
        api.GET("/api/v1/data/versions/{ref}/rows", {
          params: { path: { ref }, query: { after, limit: PAGE, split, text } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last: Schema["DatasetRow"][]) => (last.length < PAGE ? undefined : last.at(-1)?.number),
  });

/** Query the model card of a version. */
export const cardQuery = (ref: string) =>
  queryOptions({
    queryKey: ["registry", "card", ref],
    queryFn: () => unwrap(api.GET("/api/v1/registry/versions/{ref}/card", { params: { path: { ref } } })),
  });

/** Query the newest compressions. The key is that of the running jobs of this kind. */
export const compressionsQuery = queryOptions({
  queryKey: ["jobs", "registry.compress"],
  queryFn: () => unwrap(api.GET("/api/v1/jobs", { params: { query: { kind: "registry.compress", limit: 20 } } })),
});

/** Query the exports of a version, newest first. */
export const exportsQuery = (model: string) =>
  queryOptions({
    queryKey: ["registry", "exports", model],
    queryFn: () => unwrap(api.GET("/api/v1/registry/exports", { params: { query: { model, limit: 100 } } })),
  });

/** Query the models trained on a row, on rows with a text, or on rows from a user's traces. */
export const trainedOnQuery = (query: string, by?: "text" | "user") =>
  queryOptions({
    queryKey: ["registry", "trained-on", query, by],
    queryFn: () => unwrap(api.GET("/api/v1/registry/trained-on", { params: { query: { query, by } } })),
  });

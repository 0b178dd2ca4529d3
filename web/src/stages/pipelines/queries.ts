import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import type { Finding } from "./editor/findings";
import type { Fields } from "./model/definition";

export type PipelineVersion = Omit<Schema["PipelineVersion"], "definition"> & { definition: Fields };
/** Version with its YAML text, which has no defaults, unlike its definition. */
export type PipelineText = { version: PipelineVersion; text: string };

/** Query the pipelines of the project by name. */
export const pipelinesQuery = queryOptions({
  queryKey: ["pipelines", "list"],
  queryFn: () => unwrap(api.GET("/api/v1/pipelines", { params: { query: { limit: 500 } } })),
});

/** Query the newest version of a pipeline and its text. */
export const pipelineQuery = (name: string) =>
  queryOptions({
    queryKey: ["pipelines", "newest", name],
    queryFn: async (): Promise<PipelineText> => {
      const version: PipelineVersion = await unwrap(
        api.GET("/api/v1/pipelines/{name}", { params: { path: { name } } }),
      );
      const query = { version: String(version.number) };
      const text = await unwrap(
        api.GET("/api/v1/pipelines/{name}/yaml", { params: { path: { name }, query }, parseAs: "text" }),
      );
      return { version, text };
    },
    staleTime: Number.POSITIVE_INFINITY, // a newer version must not replace the text that is edited
  });

/** Query a version of a pipeline. Versions do not change. */
export const versionQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ["pipelines", "version", name, version],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/{name}", { params: { path: { name }, query: { version } } })),
  });

/** Query the versions of a pipeline, newest first. */
export const versionsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["pipelines", "versions", name],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/pipelines/{name}/versions", {
          params: { path: { name }, query: { limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length === 50 ? page.at(-1)?.number : undefined),
  });

/** Query the labels of a pipeline. */
export const labelsQuery = (name: string) =>
  queryOptions({
    queryKey: ["pipelines", "labels", name],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/{name}/labels", { params: { path: { name } } })),
  });

/** Query the difference between two versions. */
export const diffQuery = (name: string, old: string, newer: string) =>
  queryOptions({
    queryKey: ["pipelines", "diff", name, old, newer],
    queryFn: () =>
      unwrap(api.GET("/api/v1/pipelines/{name}/diff", { params: { path: { name }, query: { old, new: newer } } })),
  });

/** Query the JSON schema of pipelines. */
export const schemaQuery = queryOptions({
  queryKey: ["pipelines", "schema"],
  queryFn: () => unwrap(api.GET("/api/v1/pipelines/schema")) as Promise<Fields>,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Query the findings of a text. The last findings stay until those of a new text arrive. */
export const findingsQuery = (text: string | null) =>
  queryOptions({
    queryKey: ["pipelines", "validate", text],
    queryFn: ({ signal }) =>
      unwrap(api.POST("/api/v1/pipelines/validate", { body: { definition: text ?? "" }, signal })) as Promise<{
        valid: boolean;
        findings: Finding[];
      }>,
    enabled: text !== null,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
    retry: false,
  });

/** Query the names that fields of steps suggest. */
export const namesQuery = queryOptions({
  queryKey: ["pipelines", "names"],
  queryFn: async () => {
    const [models, bases, pipelines, prompts] = await Promise.all([
      unwrap(api.GET("/api/v1/gateway/models")),
      unwrap(api.GET("/api/v1/knowledge/bases")),
      unwrap(api.GET("/api/v1/pipelines", { params: { query: { limit: 500 } } })),
      loadPromptNames(),
    ]);
    return {
      models: [...new Set(models.map((model) => model.name))],
      bases: bases.map((base) => base.name),
      pipelines: pipelines.map((pipeline) => pipeline.name),
      prompts,
    };
  },
  staleTime: 30_000,
});

async function loadPromptNames(): Promise<string[]> {
  const prompts = await unwrap(api.GET("/api/v1/prompts", { params: { query: { limit: 500 } } }));
  return prompts.map((prompt) => prompt.name);
}

/** Query the publication of a pipeline. Null if it is not published. */
export const publicationQuery = (name: string) =>
  queryOptions({
    queryKey: ["pipelines", "publication", name],
    queryFn: async () => {
      try {
        return await unwrap(api.GET("/api/v1/pipelines/{name}/publication", { params: { path: { name } } }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

/** Query the names of models that steps can call. */
export const modelNamesQuery = queryOptions({
  queryKey: ["pipelines", "models"],
  queryFn: async () => {
    const models = await unwrap(api.GET("/api/v1/gateway/models"));
    return [...new Set(models.filter((model) => model.endpoint === "chat").map((model) => model.name))];
  },
});

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

const VERSIONS_PER_PAGE = 100;
const RESULTS_PER_PAGE = 200;
const REFRESH_MS = 2_000;
export const PAGE_SIZE = 500;

const path = (name: string) => ({ path: { name } });

/** Query the prompts of the project. */
export const promptsQuery = () =>
  queryOptions({
    queryKey: ["prompts", "list"],
    queryFn: () => unwrap(api.GET("/api/v1/prompts", { params: { query: { limit: PAGE_SIZE } } })),
  });

/** Query a prompt with its labels. */
export const promptQuery = (name: string) =>
  queryOptions({
    queryKey: ["prompts", "prompt", name],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/{name}", { params: path(name) })),
  });

/** Query a version by number, hash or label. */
export const versionQuery = (name: string, ref: string) =>
  queryOptions({
    queryKey: ["prompts", "version", name, ref],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/{name}/versions/{ref}", { params: { path: { name, ref } } })),
  });

/** Query the newest versions of a prompt, of all branches or of one. */
export const versionsQuery = (name: string, branch?: string) =>
  queryOptions({
    queryKey: ["prompts", "versions", name, branch],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/prompts/{name}/versions", {
          params: { ...path(name), query: { branch, limit: VERSIONS_PER_PAGE } },
        }),
      ),
  });

/** Query the branches of a prompt. */
export const branchesQuery = (name: string) =>
  queryOptions({
    queryKey: ["prompts", "branches", name],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/{name}/branches", { params: path(name) })),
  });

/** Query the differences between two versions. */
export const diffQuery = (name: string, oldRef: string, newRef: string) =>
  queryOptions({
    queryKey: ["prompts", "diff", name, oldRef, newRef],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/prompts/{name}/diff", { params: { ...path(name), query: { old: oldRef, new: newRef } } }),
      ),
  });

/** Query the comments on a version. */
export const commentsQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ["prompts", "comments", name, version],
    queryFn: () =>
      unwrap(api.GET("/api/v1/prompts/{name}/comments", { params: { ...path(name), query: { version } } })),
  });

/** Query the labels of a prompt, or every change of them. */
export const labelsQuery = (name: string, history: boolean) =>
  queryOptions({
    queryKey: ["prompts", "labels", name, history],
    queryFn: () =>
      unwrap(api.GET("/api/v1/prompts/{name}/labels", { params: { ...path(name), query: { history, limit: 100 } } })),
  });

/** Query what the gate of a label lacks for a version. Nothing is changed. */
export const labelGateQuery = (name: string, label: string, candidate: string) =>
  queryOptions({
    queryKey: ["prompts", "gate", name, label, candidate],
    queryFn: () =>
      unwrap(
        api.POST("/api/v1/evals/gates/check", {
          body: { subject: { kind: "prompt_label", name: `${name}:${label}` }, candidate },
        }),
      ),
    retry: false,
  });

/** Query the calls, cost, latency and scores of each version in the last 30 days. */
export const statisticsQuery = (name: string) =>
  queryOptions({
    queryKey: ["prompts", "statistics", name],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/{name}/statistics", { params: path(name) })),
  });

/** Query the names of the models that can chat, routes first. */
export const chatModelsQuery = queryOptions({
  queryKey: ["prompts", "models"],
  queryFn: async () => {
    const models = await unwrap(api.GET("/api/v1/gateway/models"));
    return [...new Set(models.filter(({ endpoint }) => endpoint === "chat").map(({ name }) => name))];
  },
});

const isRunning = (run: { status: Schema["RedTeamRun"]["status"] }) =>
  run.status === "queued" || run.status === "running";

/** Query the red team runs of all versions of a prompt, repeatedly while one is running. */
export const redTeamRunsQuery = (name: string) =>
  queryOptions({
    queryKey: ["prompts", "red-team", name],
    queryFn: () =>
      unwrap(api.GET("/api/v1/prompts/red-team/runs", { params: { query: { target: `prompt/${name}` } } })),
    refetchInterval: (query) => (query.state.data?.some(isRunning) ? REFRESH_MS : false),
  });

/** Query a red team run. */
export const redTeamRunQuery = (id: string) =>
  queryOptions({
    queryKey: ["prompts", "red-team-run", id],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/red-team/runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && isRunning(query.state.data) ? REFRESH_MS : false),
  });

/** Query the attacks of a run with their outcomes. */
export const attackResultsQuery = (id: string, outcome?: Schema["AttackResult"]["outcome"]) =>
  infiniteQueryOptions({
    queryKey: ["prompts", "red-team-results", id, outcome],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/prompts/red-team/runs/{id}/results", {
          params: { path: { id }, query: { outcome, after: pageParam, limit: RESULTS_PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length === RESULTS_PER_PAGE ? page.at(-1)?.position : undefined),
  });

/** Query the comparison of two red team runs. */
export const redTeamComparisonQuery = (a: string, b: string) =>
  queryOptions({
    queryKey: ["prompts", "red-team-comparison", a, b],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/red-team/compare", { params: { query: { a, b } } })),
    enabled: Boolean(a && b),
  });

/** Query the attack sets. */
export const attackSetsQuery = queryOptions({
  queryKey: ["prompts", "attack-sets"],
  queryFn: () => unwrap(api.GET("/api/v1/prompts/red-team/attack-sets")),
});

/** Query the names of the datasets of the project. */
export const datasetNamesQuery = queryOptions({
  queryKey: ["prompts", "datasets"],
  queryFn: async () =>
    (await unwrap(api.GET("/api/v1/data/datasets", { params: { query: { limit: PAGE_SIZE } } }))).map(
      ({ name }) => name,
    ),
});

/** Query the optimisations of a prompt, repeatedly while one is running. */
export const optimisationsQuery = (name: string) =>
  queryOptions({
    queryKey: ["prompts", "optimisations", name],
    queryFn: () => unwrap(api.GET("/api/v1/prompts/{name}/optimisations", { params: path(name) })),
    refetchInterval: (query) => (query.state.data?.some(isRunning) ? REFRESH_MS : false),
  });

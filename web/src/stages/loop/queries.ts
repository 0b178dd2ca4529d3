import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

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

/** Query the releases, newest first, without their history. */
export const releasesQuery = () =>
  queryOptions({
    queryKey: ["loop", "releases"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/releases", { params: { query: { limit: 100 } } })),
    refetchInterval: 5_000,
  });

/** Query one release with its evidence, repeatedly while it has not ended. */
export const releaseQuery = (id: string) =>
  queryOptions({
    queryKey: ["loop", "release", id],
    queryFn: () => unwrap(api.GET("/api/v1/loop/releases/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (["running", "scheduled"].includes(query.state.data?.status ?? "") ? 2_000 : false),
  });

/** Query the log of a release, oldest first. */
export const releaseEventsQuery = (id: string) =>
  queryOptions({
    queryKey: ["loop", "release", id, "events"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/releases/{id}/history", { params: { path: { id } } })),
    refetchInterval: 5_000,
  });

/** Query what the candidate of a release lacks for the gate of its route. */
export const releaseGateQuery = (id: string) =>
  queryOptions({
    queryKey: ["loop", "release", id, "gate"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/releases/{id}/gate", { params: { path: { id } } })),
  });

/** Query the gate policies. */
export const gatePoliciesQuery = () =>
  queryOptions({
    queryKey: ["loop", "gates", "policies"],
    queryFn: () => unwrap(api.GET("/api/v1/evals/gates/policies")),
  });

/** Query the newest version of a gate policy. */
export const gatePolicyQuery = (name: string) =>
  queryOptions({
    queryKey: ["loop", "gates", "policy", name],
    queryFn: () => unwrap(api.GET("/api/v1/evals/gates/policies/{name}", { params: { path: { name } } })),
  });

/** Query the suites that a policy may require. */
export const suiteNamesQuery = () =>
  queryOptions({
    queryKey: ["loop", "suites"],
    queryFn: () => unwrap(api.GET("/api/v1/evals/suites", { params: { query: { limit: 500 } } })),
  });

/** Query the datasets, models and recipes that a loop policy may use. */
export const policyChoicesQuery = () =>
  queryOptions({
    queryKey: ["loop", "policy-choices"],
    queryFn: async () => {
      const [datasets, models, recipes] = await Promise.all([
        unwrap(api.GET("/api/v1/data/datasets", { params: { query: { limit: 200 } } })),
        unwrap(api.GET("/api/v1/registry/models", { params: { query: { limit: 500 } } })),
        unwrap(api.GET("/api/v1/training/recipes")),
      ]);
      return { datasets, models, recipes };
    },
  });

/** Query the decisions of gates, newest first. */
export const gateDecisionsQuery = () =>
  queryOptions({
    queryKey: ["loop", "gates", "decisions"],
    queryFn: () => unwrap(api.GET("/api/v1/evals/gates/decisions", { params: { query: { limit: 100 } } })),
  });

/** Query what a candidate has and lacks for a subject. */
export const gateCheckQuery = (kind: Schema["GateSubject"]["kind"], name: string, candidate: string) =>
  queryOptions({
    queryKey: ["loop", "gates", "check", kind, name, candidate],
    queryFn: () => unwrap(api.POST("/api/v1/evals/gates/check", { body: { subject: { kind, name }, candidate } })),
  });

/** Query the routes on which a release may start. */
export const routeNamesQuery = () =>
  queryOptions({
    queryKey: ["loop", "routes"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/routes", { params: { query: { limit: 500 } } })),
  });

/** Query the models that may become a candidate. */
export const callableModelsQuery = () =>
  queryOptions({
    queryKey: ["loop", "models"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/models")),
  });

/** Query the loop policies with the state of their triggers. */
export const loopPoliciesQuery = () =>
  queryOptions({
    queryKey: ["loop", "policies"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/policies")),
    refetchInterval: 5_000,
  });

/** Query one loop policy with the state of its triggers. */
export const loopPolicyQuery = (name: string) =>
  queryOptions({
    queryKey: ["loop", "policy", name],
    queryFn: () => unwrap(api.GET("/api/v1/loop/policies/{name}", { params: { path: { name } } })),
    refetchInterval: 5_000,
  });

/** Query the runs of a loop policy, newest first. */
export const loopPolicyRunsQuery = (name: string) =>
  queryOptions({
    queryKey: ["loop", "policy", name, "runs"],
    queryFn: () =>
      unwrap(api.GET("/api/v1/loop/policies/{name}/runs", { params: { path: { name }, query: { limit: 100 } } })),
    refetchInterval: 5_000,
  });

/** Query one run of a loop policy, repeatedly while it has not ended. */
export const loopPolicyRunQuery = (id: string) =>
  queryOptions({
    queryKey: ["loop", "policy-run", id],
    queryFn: () => unwrap(api.GET("/api/v1/loop/policy-runs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (["queued", "running"].includes(query.state.data?.status ?? "") ? 2_000 : false),
  });

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { isStable } from "./deployment";

const PAGE = 50;

/** Query the deployments by name, polled because their states change. */
export const deploymentsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["serving", "deployments"],
    queryFn: ({ pageParam: after }) =>
      unwrap(api.GET("/api/v1/serving/deployments", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: "",
    getNextPageParam: (last: Schema["Deployment"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
    refetchInterval: 5_000,
  });

/** Query one deployment, polled more often until its state is stable. */
export const deploymentQuery = (name: string) =>
  queryOptions({
    queryKey: ["serving", "deployment", name],
    queryFn: () => unwrap(api.GET("/api/v1/serving/deployments/{name}", { params: { path: { name } } })),
    refetchInterval: (query) => (query.state.data && isStable(query.state.data) ? 5_000 : 1_500),
  });

/** Query the end of an engine's log. */
export const logQuery = (name: string, lines: number, follow: boolean) =>
  queryOptions({
    queryKey: ["serving", "log", name, lines],
    queryFn: () =>
      unwrap(api.GET("/api/v1/serving/deployments/{name}/log", { params: { path: { name }, query: { lines } } })),
    refetchInterval: follow ? 2_000 : false,
  });

/** Query the calls of the last 24 hours by model. */
export const callsQuery = () =>
  queryOptions({
    queryKey: ["serving", "calls"],
    queryFn: () => unwrap(api.GET("/api/v1/gateway/usage", { params: { query: { by: "model", bucket: "hour" } } })),
    refetchInterval: 15_000,
  });

/** Query the models for the form. */
export const modelsQuery = () =>
  queryOptions({
    queryKey: ["serving", "models"],
    queryFn: () => unwrap(api.GET("/api/v1/registry/models", { params: { query: { limit: 500 } } })),
  });

/** Query what a deployment needs and costs. */
export const planQuery = (body: Schema["DeploymentCreate"]) =>
  queryOptions({
    queryKey: ["serving", "plan", body],
    queryFn: () => unwrap(api.POST("/api/v1/serving/plan", { body })),
    enabled: Boolean(body.model),
    retry: false,
    staleTime: 10_000,
  });

/** Query the datasets and scorers for the form. */
export const evaluationOptionsQuery = () =>
  queryOptions({
    queryKey: ["serving", "evaluation-options"],
    queryFn: async () => ({
      datasets: await unwrap(api.GET("/api/v1/data/datasets", { params: { query: { limit: 200 } } })),
      scorers: await unwrap(api.GET("/api/v1/evals/scorers")),
    }),
  });

/** Query the replicas of a deployment with their loads. */
export const replicasQuery = (name: string) =>
  queryOptions({
    queryKey: ["serving", "replicas", name],
    queryFn: () => unwrap(api.GET("/api/v1/serving/deployments/{name}/replicas", { params: { path: { name } } })),
    refetchInterval: 5_000,
  });

/** Query the events of a deployment, newest first. */
export const eventsQuery = (name: string) =>
  queryOptions({
    queryKey: ["serving", "events", name],
    queryFn: () => unwrap(api.GET("/api/v1/serving/deployments/{name}/history", { params: { path: { name } } })),
    refetchInterval: 10_000,
  });

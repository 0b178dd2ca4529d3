import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";

export type ModelGroups = { routes: string[]; deployments: string[]; others: string[] };

/** Query all models that can chat: routes, then deployments, then provider models. */
export const modelsQuery = queryOptions({
  queryKey: ["playground", "models"],
  queryFn: async (): Promise<ModelGroups> => {
    const [models, routes] = await Promise.all([
      unwrap(api.GET("/api/v1/gateway/models")),
      unwrap(api.GET("/api/v1/gateway/routes", { params: { query: { limit: 500 } } })),
    ]);
    return groupNames(
      models.filter(({ endpoint }) => endpoint === "chat").map(({ name }) => name),
      routes.map(({ name }) => name),
    );
  },
});

/** Group names by kind. Routes without a callable target are omitted. */
export function groupNames(names: string[], routes: string[]): ModelGroups {
  const routeNames = new Set(routes);
  const isDeployment = (name: string) => name.startsWith("deployment/");
  return {
    routes: names.filter((name) => routeNames.has(name)),
    deployments: names.filter((name) => !routeNames.has(name) && isDeployment(name)),
    others: names.filter((name) => !routeNames.has(name) && !isDeployment(name)),
  };
}

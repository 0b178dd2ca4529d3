import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

export type ModelGroups = { routes: string[]; deployments: string[]; others: string[] };

/** Every name that can be called: routes first, then deployments, then what the providers offer. */
export const modelsQuery = queryOptions({
  queryKey: ["playground", "models"],
  queryFn: async (): Promise<ModelGroups> => {
    const [models, routes] = await Promise.all([
      ok(api.GET("/api/v1/gateway/models")),
      ok(api.GET("/api/v1/gateway/routes", { params: { query: { limit: 500 } } })),
    ]);
    return grouped(
      models.map(({ name }) => name),
      routes.map(({ name }) => name),
    );
  },
});

/** Names by what they are. A route that has no target to call yet is left out. */
export function grouped(names: string[], routes: string[]): ModelGroups {
  const known = new Set(routes);
  const isDeployment = (name: string) => name.startsWith("deployment/");
  return {
    routes: names.filter((name) => known.has(name)),
    deployments: names.filter((name) => !known.has(name) && isDeployment(name)),
    others: names.filter((name) => !known.has(name) && !isDeployment(name)),
  };
}

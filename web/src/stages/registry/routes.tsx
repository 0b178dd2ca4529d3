import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const text = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

const home = createRoute({
  getParentRoute: () => root,
  path: "/registry",
  validateSearch: (search: Record<string, unknown>): { job?: string } => ({ job: text(search.job) }),
  component: lazyRouteComponent(() => import("./RegistryPage")),
});

const lineage = createRoute({
  getParentRoute: () => root,
  path: "/registry/lineage",
  validateSearch: (search: Record<string, unknown>): { of?: string; row?: string; text?: string } => ({
    of: text(search.of),
    row: text(search.row),
    text: text(search.text),
  }),
  component: lazyRouteComponent(() => import("./LineagePage")),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/registry/$name",
  validateSearch: (search: Record<string, unknown>): { version?: string } => ({ version: text(search.version) }),
  component: lazyRouteComponent(() => import("./ModelPage")),
});

export const routes = [home, lineage, model] as const;

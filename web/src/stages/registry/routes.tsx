import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

type LineageSearch = { ref?: string; row?: string; text?: string; person?: string; by?: string };

const home = createRoute({
  getParentRoute: () => root,
  path: "/registry",
  validateSearch: (search: Record<string, unknown>): { job?: string } => ({ job: optionalText(search.job) }),
  component: lazyRouteComponent(() => import("./RegistryPage")),
});

const lineage = createRoute({
  getParentRoute: () => root,
  path: "/registry/lineage",
  validateSearch: (search: Record<string, unknown>): LineageSearch => ({
    ref: optionalText(search.ref),
    person: optionalText(search.person),
    by: optionalText(search.by),
    row: optionalText(search.row),
    text: optionalText(search.text),
  }),
  component: lazyRouteComponent(() => import("./LineagePage")),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/registry/$name",
  validateSearch: (search: Record<string, unknown>): { version?: string } => ({
    version: optionalText(search.version),
  }),
  component: lazyRouteComponent(() => import("./ModelPage")),
});

export const routes = [home, lineage, model] as const;

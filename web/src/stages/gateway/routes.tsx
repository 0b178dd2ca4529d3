import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readUsageSearch } from "./usage";

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

const home = createRoute({
  getParentRoute: () => root,
  path: "/gateway",
  validateSearch: readUsageSearch,
  component: lazyRouteComponent(() => import("./GatewayPage")),
});

const list = createRoute({
  getParentRoute: () => root,
  path: "/gateway/routes",
  beforeLoad: () => {
    throw redirect({ to: "/gateway" });
  },
});

/** `canary` selects a past canary. */
const route = createRoute({
  getParentRoute: () => root,
  path: "/gateway/routes/$name",
  validateSearch: (search: Record<string, unknown>): { canary?: string } => ({ canary: optionalText(search.canary) }),
  component: lazyRouteComponent(() => import("./RoutePage")),
});

/** `provider` opens the form of that provider, or of a new one if empty. */
const providers = createRoute({
  getParentRoute: () => root,
  path: "/gateway/providers",
  validateSearch: (search: Record<string, unknown>): { provider?: string } => ({
    provider: search.provider === undefined ? undefined : String(search.provider),
  }),
  component: lazyRouteComponent(() => import("./ProvidersPage")),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/gateway/keys",
  component: lazyRouteComponent(() => import("./KeysPage")),
});

const limits = createRoute({
  getParentRoute: () => root,
  path: "/gateway/limits",
  component: lazyRouteComponent(() => import("./LimitsPage")),
});

const batches = createRoute({
  getParentRoute: () => root,
  path: "/gateway/batches",
  component: lazyRouteComponent(() => import("./BatchesPage")),
});

const guards = createRoute({
  getParentRoute: () => root,
  path: "/gateway/guards",
  component: lazyRouteComponent(() => import("./GuardsPage")),
});

export const routes = [home, list, route, providers, keys, limits, guards, batches] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/loop",
  component: lazyRouteComponent(() => import("./LoopPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/loop/new",
  validateSearch: (search: Record<string, unknown>): { like?: string } => ({
    like: search.like === undefined ? undefined : String(search.like),
  }),
  component: lazyRouteComponent(() => import("./NewLoopRunPage")),
});

const loopRun = createRoute({
  getParentRoute: () => root,
  path: "/loop/runs/$id",
  component: lazyRouteComponent(() => import("./LoopRunPage")),
});

/** Redirects to the canary's route, where it is shown and decided. */
const canary = createRoute({
  getParentRoute: () => root,
  path: "/loop/canaries/$id",
  component: lazyRouteComponent(() => import("./CanaryPage")),
});

export const routes = [home, form, loopRun, canary] as const;

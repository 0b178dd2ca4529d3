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
  component: lazyRouteComponent(() => import("./NewTurnPage")),
});

const turn = createRoute({
  getParentRoute: () => root,
  path: "/loop/turns/$id",
  component: lazyRouteComponent(() => import("./TurnPage")),
});

/** A canary is shown on its route, where it is also decided. */
const canary = createRoute({
  getParentRoute: () => root,
  path: "/loop/canaries/$id",
  component: lazyRouteComponent(() => import("./CanaryPage")),
});

export const routes = [home, form, turn, canary] as const;

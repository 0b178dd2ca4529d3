import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { compareSearch, formSearch, runSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/evals",
  component: lazyRouteComponent(() => import("./EvalsPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/evals/new",
  validateSearch: formSearch,
  component: lazyRouteComponent(() => import("./NewEvalPage")),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/evals/compare",
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import("./ComparePage")),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/evals/$id",
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import("./EvalPage")),
});

export const routes = [home, form, compare, run] as const;

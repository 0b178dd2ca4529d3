import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { judgeRoutes } from "./judges/routes";
import { monitorRoutes } from "./monitors/routes";
import { readCompareSearch, readFormSearch, readRunSearch } from "./search";
import { suiteRoutes } from "./suites/routes";

const home = createRoute({
  getParentRoute: () => root,
  path: "/evals",
  component: lazyRouteComponent(() => import("./EvalsPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/evals/new",
  validateSearch: readFormSearch,
  component: lazyRouteComponent(() => import("./NewEvalPage")),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/evals/compare",
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import("./ComparePage")),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/evals/$id",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import("./EvalPage")),
});

export const routes = [home, form, compare, run, ...judgeRoutes, ...monitorRoutes, ...suiteRoutes] as const;

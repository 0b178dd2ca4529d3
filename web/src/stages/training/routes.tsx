import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readCompareSearch, readFormSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/training",
  component: lazyRouteComponent(() => import("./TrainingPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/training/new",
  validateSearch: readFormSearch,
  component: lazyRouteComponent(() => import("./NewRunPage")),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/training/compare",
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import("./ComparePage")),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/training/runs/$id",
  component: lazyRouteComponent(() => import("./RunPage")),
});

export const routes = [home, form, compare, run] as const;

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

const fineTuning = createRoute({
  getParentRoute: () => root,
  path: "/training/fine-tuning",
  component: lazyRouteComponent(() => import("./fineTuning/FineTuningPage")),
});

const fineTuningJob = createRoute({
  getParentRoute: () => root,
  path: "/training/fine-tuning/$id",
  component: lazyRouteComponent(() => import("./fineTuning/JobPage")),
});

export const routes = [home, form, compare, run, fineTuning, fineTuningJob] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const list = createRoute({
  getParentRoute: () => root,
  path: "/evals/suites",
  component: lazyRouteComponent(() => import("./SuitesPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/evals/suites/new",
  component: lazyRouteComponent(() => import("./NewSuitePage")),
});

const suite = createRoute({
  getParentRoute: () => root,
  path: "/evals/suites/$name",
  component: lazyRouteComponent(() => import("./SuitePage")),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/evals/suite-runs/$id",
  component: lazyRouteComponent(() => import("./SuiteRunPage")),
});

export const suiteRoutes = [list, form, suite, run] as const;

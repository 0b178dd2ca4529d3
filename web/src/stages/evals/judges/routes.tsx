import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const list = createRoute({
  getParentRoute: () => root,
  path: "/evals/judges",
  component: lazyRouteComponent(() => import("./JudgesPage")),
});

const judge = createRoute({
  getParentRoute: () => root,
  path: "/evals/judges/$name",
  component: lazyRouteComponent(() => import("./JudgePage")),
});

const label = createRoute({
  getParentRoute: () => root,
  path: "/evals/label/$id",
  component: lazyRouteComponent(() => import("./LabelPage")),
});

export const judgeRoutes = [list, judge, label] as const;

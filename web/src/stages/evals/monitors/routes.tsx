import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readReviewSearch } from "./search";

const list = createRoute({
  getParentRoute: () => root,
  path: "/evals/monitors",
  component: lazyRouteComponent(() => import("./MonitorsPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/evals/monitors/new",
  component: lazyRouteComponent(() => import("./NewMonitorPage")),
});

const monitor = createRoute({
  getParentRoute: () => root,
  path: "/evals/monitors/$name",
  component: lazyRouteComponent(() => import("./MonitorPage")),
});

const reviews = createRoute({
  getParentRoute: () => root,
  path: "/evals/reviews",
  validateSearch: readReviewSearch,
  component: lazyRouteComponent(() => import("./ReviewsPage")),
});

export const monitorRoutes = [list, form, monitor, reviews] as const;

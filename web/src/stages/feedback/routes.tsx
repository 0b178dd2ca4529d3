import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/feedback",
  component: lazyRouteComponent(() => import("./FeedbackPage")),
});

export const routes = [home] as const;

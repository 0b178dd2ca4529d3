import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/training",
  component: lazyRouteComponent(() => import("./TrainingPage")),
});

export const routes = [home] as const;

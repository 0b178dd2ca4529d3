import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/serving",
  component: lazyRouteComponent(() => import("./ServingPage")),
});

export const routes = [home] as const;

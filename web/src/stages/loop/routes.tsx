import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/loop",
  component: lazyRouteComponent(() => import("./LoopPage")),
});

export const routes = [home] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/gateway",
  component: lazyRouteComponent(() => import("./GatewayPage")),
});

export const routes = [home] as const;

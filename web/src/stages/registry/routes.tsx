import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/registry",
  component: lazyRouteComponent(() => import("./RegistryPage")),
});

export const routes = [home] as const;

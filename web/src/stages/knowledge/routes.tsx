import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/knowledge",
  component: lazyRouteComponent(() => import("./KnowledgePage")),
});

export const routes = [home] as const;

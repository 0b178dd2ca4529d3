import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readBaseSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/knowledge",
  component: lazyRouteComponent(() => import("./KnowledgePage")),
});

const base = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base",
  validateSearch: readBaseSearch,
  component: lazyRouteComponent(() => import("./BasePage")),
});

export const routes = [home, base] as const;

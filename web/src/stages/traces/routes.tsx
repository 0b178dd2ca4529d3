import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readSearch } from "./search";

export const home = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import("./TracesPage")),
});

export const routes = [home] as const;

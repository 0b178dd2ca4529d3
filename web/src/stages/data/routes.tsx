import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { listSearch, setSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/data",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./DataPage")),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/data/$name",
  validateSearch: setSearch,
  component: lazyRouteComponent(() => import("./DatasetPage")),
});

export const routes = [home, dataset] as const;

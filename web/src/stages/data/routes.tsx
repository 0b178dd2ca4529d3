import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readDatasetSearch, readListSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/data",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("./DataPage")),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/data/$name",
  validateSearch: readDatasetSearch,
  component: lazyRouteComponent(() => import("./DatasetPage")),
});

export const routes = [home, dataset] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readHarvestSearch, readInboxSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/feedback",
  validateSearch: readInboxSearch,
  component: lazyRouteComponent(() => import("./FeedbackPage")),
});

const harvest = createRoute({
  getParentRoute: () => root,
  path: "/feedback/harvest",
  validateSearch: readHarvestSearch,
  component: lazyRouteComponent(() => import("./HarvestPage")),
});

export const routes = [home, harvest] as const;

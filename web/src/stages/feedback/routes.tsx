import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readHarvest, readInbox } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/feedback",
  validateSearch: readInbox,
  component: lazyRouteComponent(() => import("./FeedbackPage")),
});

const harvest = createRoute({
  getParentRoute: () => root,
  path: "/feedback/harvest",
  validateSearch: readHarvest,
  component: lazyRouteComponent(() => import("./HarvestPage")),
});

export const routes = [home, harvest] as const;

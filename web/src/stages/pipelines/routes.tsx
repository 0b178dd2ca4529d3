import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readPipelineSearch, readRunSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/pipelines",
  component: lazyRouteComponent(() => import("./PipelinesPage")),
});

const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$name",
  validateSearch: readPipelineSearch,
  component: lazyRouteComponent(() => import("./PipelinePage")),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$name/runs/$id",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import("./runs/RunPage")),
});

const replay = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$name/replays/$id",
  component: lazyRouteComponent(() => import("./replays/ReplayPage")),
});

export const routes = [home, pipeline, run, replay] as const;

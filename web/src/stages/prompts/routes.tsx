import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readPromptSearch, readRedTeamComparison } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/prompts",
  component: lazyRouteComponent(() => import("./PromptsPage")),
});

const prompt = createRoute({
  getParentRoute: () => root,
  path: "/prompts/$name",
  validateSearch: readPromptSearch,
  component: lazyRouteComponent(() => import("./PromptPage")),
});

const redTeamRun = createRoute({
  getParentRoute: () => root,
  path: "/prompts/$name/red-team/$id",
  component: lazyRouteComponent(() => import("./redteam/RunPage")),
});

const comparison = createRoute({
  getParentRoute: () => root,
  path: "/prompts/$name/red-team/compare",
  validateSearch: readRedTeamComparison,
  component: lazyRouteComponent(() => import("./redteam/ComparisonPage")),
});

export const routes = [home, prompt, comparison, redTeamRun] as const;

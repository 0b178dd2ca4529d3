import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readGateSearch } from "./release";

const home = createRoute({
  getParentRoute: () => root,
  path: "/loop",
  component: lazyRouteComponent(() => import("./LoopPage")),
});

const form = createRoute({
  getParentRoute: () => root,
  path: "/loop/new",
  validateSearch: (search: Record<string, unknown>): { like?: string } => ({
    like: search.like === undefined ? undefined : String(search.like),
  }),
  component: lazyRouteComponent(() => import("./NewLoopRunPage")),
});

const loopRun = createRoute({
  getParentRoute: () => root,
  path: "/loop/runs/$id",
  component: lazyRouteComponent(() => import("./LoopRunPage")),
});

/** Redirects to the canary's route, where it is shown and decided. */
const canary = createRoute({
  getParentRoute: () => root,
  path: "/loop/canaries/$id",
  component: lazyRouteComponent(() => import("./CanaryPage")),
});

const release = createRoute({
  getParentRoute: () => root,
  path: "/loop/releases/$id",
  component: lazyRouteComponent(() => import("./ReleasePage")),
});

const newRelease = createRoute({
  getParentRoute: () => root,
  path: "/loop/releases/new",
  validateSearch: (search: Record<string, unknown>): { route?: string } => ({
    route: search.route === undefined ? undefined : String(search.route),
  }),
  component: lazyRouteComponent(() => import("./NewReleasePage")),
});

const gates = createRoute({
  getParentRoute: () => root,
  path: "/loop/gates",
  validateSearch: readGateSearch,
  component: lazyRouteComponent(() => import("./GatesPage")),
});

const gatePolicy = createRoute({
  getParentRoute: () => root,
  path: "/loop/gates/$name",
  component: lazyRouteComponent(() => import("./GatePolicyPage")),
});

const newPolicy = createRoute({
  getParentRoute: () => root,
  path: "/loop/policies/new",
  component: lazyRouteComponent(() => import("./PolicyFormPage"), "NewPolicyPage"),
});

const editPolicy = createRoute({
  getParentRoute: () => root,
  path: "/loop/policies/$name/edit",
  component: lazyRouteComponent(() => import("./PolicyFormPage"), "EditPolicyPage"),
});

const policy = createRoute({
  getParentRoute: () => root,
  path: "/loop/policies/$name",
  component: lazyRouteComponent(() => import("./PolicyPage")),
});

const policyRun = createRoute({
  getParentRoute: () => root,
  path: "/loop/policy-runs/$id",
  component: lazyRouteComponent(() => import("./PolicyRunPage")),
});

export const routes = [
  home,
  form,
  loopRun,
  canary,
  newRelease,
  release,
  gates,
  gatePolicy,
  newPolicy,
  policy,
  editPolicy,
  policyRun,
] as const;

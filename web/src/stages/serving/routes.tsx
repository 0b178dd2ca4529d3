import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

/** `deploy` opens the form with that model. */
const home = createRoute({
  getParentRoute: () => root,
  path: "/serving",
  validateSearch: (search: Record<string, unknown>): { deploy?: string } => ({
    deploy: search.deploy === undefined ? undefined : String(search.deploy),
  }),
  component: lazyRouteComponent(() => import("./ServingPage")),
});

const deployment = createRoute({
  getParentRoute: () => root,
  path: "/serving/$name",
  validateSearch: (search: Record<string, unknown>): { job?: string } => ({ job: optionalText(search.job) }),
  component: lazyRouteComponent(() => import("./DeploymentPage")),
});

export const routes = [home, deployment] as const;

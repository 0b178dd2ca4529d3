import { createRouter } from "@tanstack/react-router";
import { root } from "./app/root";
import { routes as data } from "./stages/data/routes";
import { routes as evals } from "./stages/evals/routes";
import { routes as feedback } from "./stages/feedback/routes";
import { routes as gateway } from "./stages/gateway/routes";
import { routes as home } from "./stages/home/routes";
import { routes as knowledge } from "./stages/knowledge/routes";
import { routes as loop } from "./stages/loop/routes";
import { routes as pipelines } from "./stages/pipelines/routes";
import { routes as playground } from "./stages/playground/routes";
import { routes as prompts } from "./stages/prompts/routes";
import { routes as registry } from "./stages/registry/routes";
import { routes as serving } from "./stages/serving/routes";
import { routes as settings } from "./stages/settings/routes";
import { routes as traces } from "./stages/traces/routes";
import { routes as training } from "./stages/training/routes";

const routeTree = root.addChildren([
  ...home,
  ...data,
  ...training,
  ...evals,
  ...registry,
  ...serving,
  ...gateway,
  ...prompts,
  ...knowledge,
  ...pipelines,
  ...playground,
  ...traces,
  ...feedback,
  ...loop,
  ...settings,
]);

export const router = createRouter({ routeTree, defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

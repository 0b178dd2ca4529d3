import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

/** The model of each column, and the span whose question is asked again. */
export type PlaygroundSearch = { model?: string; beside?: string; span?: string };

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

const home = createRoute({
  getParentRoute: () => root,
  path: "/playground",
  validateSearch: (given: Record<string, unknown>): PlaygroundSearch => ({
    model: text(given.model),
    beside: text(given.beside),
    span: text(given.span),
  }),
  component: lazyRouteComponent(() => import("./PlaygroundPage")),
});

export const routes = [home] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

/** Model of each column, and the span to replay. */
export type PlaygroundSearch = { model?: string; beside?: string; span?: string };

const optionalText = (value: unknown) => (typeof value === "string" && value ? value : undefined);

const home = createRoute({
  getParentRoute: () => root,
  path: "/playground",
  validateSearch: (search: Record<string, unknown>): PlaygroundSearch => ({
    model: optionalText(search.model),
    beside: optionalText(search.beside),
    span: optionalText(search.span),
  }),
  component: lazyRouteComponent(() => import("./PlaygroundPage")),
});

export const routes = [home] as const;

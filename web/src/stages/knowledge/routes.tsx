import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";
import { readBaseSearch, readDocumentSearch, readEvaluationsSearch } from "./search";

const home = createRoute({
  getParentRoute: () => root,
  path: "/knowledge",
  component: lazyRouteComponent(() => import("./KnowledgePage")),
});

const base = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base",
  validateSearch: readBaseSearch,
  component: lazyRouteComponent(() => import("./BasePage")),
});

const document = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base/documents/$id",
  validateSearch: readDocumentSearch,
  component: lazyRouteComponent(() => import("./documents/DocumentPage")),
});

const source = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base/sources/$name",
  component: lazyRouteComponent(() => import("./sources/SourcePage")),
});

const newIndex = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base/indexes/new",
  component: lazyRouteComponent(() => import("./indexes/NewIndexPage")),
});

const evaluation = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base/evaluations/$id",
  component: lazyRouteComponent(() => import("./questions/EvaluationPage")),
});

const comparison = createRoute({
  getParentRoute: () => root,
  path: "/knowledge/$base/compare",
  validateSearch: readEvaluationsSearch,
  component: lazyRouteComponent(() => import("./questions/ComparisonPage")),
});

export const routes = [home, base, document, source, newIndex, evaluation, comparison] as const;

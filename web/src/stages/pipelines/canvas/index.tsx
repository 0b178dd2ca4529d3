import { lazy, Suspense } from "react";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import type { CanvasProps } from "./Canvas";

const LazyCanvas = lazy(() => import("./Canvas").then((module) => ({ default: module.Canvas })));

/** Show a pipeline as a graph. The graph library is loaded on first use. */
export function Canvas(props: CanvasProps) {
  return (
    <Suspense fallback={<LoadingPlaceholder />}>
      <LazyCanvas {...props} />
    </Suspense>
  );
}

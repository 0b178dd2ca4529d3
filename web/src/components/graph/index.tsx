import { Skeleton } from "@mantine/core";
import { type ComponentProps, lazy, Suspense } from "react";

const LazyGraph = lazy(() => import("./Graph"));

export type { GraphEdge, GraphNode } from "./Graph";

/** Show a graph. The graph library is loaded on first use. */
export function Graph(props: ComponentProps<typeof LazyGraph>) {
  return (
    <Suspense fallback={<Skeleton height={props.height ?? 380} />}>
      <LazyGraph {...props} />
    </Suspense>
  );
}

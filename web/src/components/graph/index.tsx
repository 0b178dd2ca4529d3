import { Skeleton } from "@mantine/core";
import { type ComponentProps, lazy, Suspense } from "react";

const Loaded = lazy(() => import("./Graph"));

export type { GraphEdge, GraphNode } from "./Graph";

/** A graph; its library is loaded when the first one is shown. */
export function Graph(props: ComponentProps<typeof Loaded>) {
  return (
    <Suspense fallback={<Skeleton height={props.height ?? 380} />}>
      <Loaded {...props} />
    </Suspense>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type StreamState, useEvents } from "@/api/sse";
import { fromCurves, type MetricsByStep, mergeMetrics, type StepMetrics } from "./curves";
import { curvesQuery } from "./queries";

/**
 * Return the metrics of a run: stored values, and live values while it is running. The stream resumes after a reload.
 */
export function useMetrics(
  id: string,
  running: boolean,
  onEnd: () => void,
): { metrics: MetricsByStep; streamState: StreamState } {
  const storedQuery = useQuery(curvesQuery(id));
  const [liveSteps, setLiveSteps] = useState<StepMetrics[]>([]);
  const streamState = useEvents<StepMetrics>(
    running ? `/api/v1/experiments/runs/${id}/events` : null,
    ["metrics", "end"],
    useCallback(
      (events) => {
        const metrics = events.filter((event) => event.name === "metrics").map((event) => event.data);
        if (metrics.length) setLiveSteps((previous) => [...previous, ...metrics]);
        if (events.some((event) => event.name === "end")) onEnd();
      },
      [onEnd],
    ),
  );
  const metrics = useMemo(
    () => mergeMetrics(fromCurves(storedQuery.data ?? []), liveSteps),
    [storedQuery.data, liveSteps],
  );
  return { metrics, streamState };
}

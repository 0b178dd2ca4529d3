import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type Live, useEvents } from "@/api/sse";
import { type Figures, fromCurves, merged, type StepFigures } from "./curves";
import { curvesQuery } from "./queries";

/** The figures of a run: what is stored, and while it runs what comes. The stream goes on after a reload. */
export function useFigures(id: string, running: boolean, onEnd: () => void): { figures: Figures; live: Live } {
  const stored = useQuery(curvesQuery(id));
  const [came, setCame] = useState<StepFigures[]>([]);
  const live = useEvents<StepFigures>(
    running ? `/api/v1/experiments/runs/${id}/events` : null,
    ["metrics", "end"],
    useCallback(
      (events) => {
        const figures = events.filter((event) => event.name === "metrics").map((event) => event.data);
        if (figures.length) setCame((had) => [...had, ...figures]);
        if (events.some((event) => event.name === "end")) onEnd();
      },
      [onEnd],
    ),
  );
  const figures = useMemo(() => merged(fromCurves(stored.data ?? []), came), [stored.data, came]);
  return { figures, live };
}

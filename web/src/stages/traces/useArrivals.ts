import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { S } from "@/api/client";
import { type ServerEvent, useEvents } from "@/api/sse";

type Span = S["SpanSummary"];
type Arrived = { spans: Span[]; gap?: boolean };
const MOST = 2000;

/** The spans that have arrived since the stream was opened, newest first. Another address begins anew. */
export function useArrivals(url: string | null): { spans: Span[]; lost: boolean } {
  const client = useQueryClient();
  const [spans, setSpans] = useState<Span[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another stream has other spans
  useEffect(() => setSpans([]), [url]);
  const take = useCallback(
    (events: ServerEvent<Arrived>[]) => {
      if (events.some((event) => event.data.gap)) client.invalidateQueries({ queryKey: ["traces", "list"] });
      setSpans((had) =>
        merge(
          had,
          events.flatMap((event) => event.data.spans),
        ),
      );
    },
    [client],
  );
  const state = useEvents<Arrived>(url, ["spans"], take);
  const opened = useRef<string>(null);
  if (state === "open") opened.current = url;
  return { spans, lost: url !== null && opened.current === url && state !== "open" };
}

/** What arrived put before what was there: newest first, each once. */
export function merge(had: Span[], arrived: Span[]): Span[] {
  const known = new Set(had.map((span) => span.id));
  const fresh = arrived.filter((span) => !known.has(span.id) && known.add(span.id));
  if (fresh.length === 0) return had;
  return [...had, ...fresh]
    .sort((a, b) => (a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : a.id < b.id ? 1 : -1))
    .slice(0, MOST);
}

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { type ServerEvent, useEvents } from "@/api/sse";

type Span = Schema["SpanSummary"];
type LiveBatch = { spans: Span[]; gap?: boolean };
const MAX_LIVE_SPANS = 2000;

/** Return the spans received since the stream was opened, newest first. A new URL starts with an empty list. */
export function useLiveSpans(url: string | null): { spans: Span[]; isDisconnected: boolean } {
  const client = useQueryClient();
  const [spans, setSpans] = useState<Span[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another stream has other spans
  useEffect(() => setSpans([]), [url]);
  const onEvents = useCallback(
    (events: ServerEvent<LiveBatch>[]) => {
      if (events.some((event) => event.data.gap)) client.invalidateQueries({ queryKey: ["traces", "list"] });
      setSpans((previous) =>
        mergeSpans(
          previous,
          events.flatMap((event) => event.data.spans),
        ),
      );
    },
    [client],
  );
  const state = useEvents<LiveBatch>(url, ["spans"], onEvents);
  const openedUrl = useRef<string>(null);
  if (state === "open") openedUrl.current = url;
  return { spans, isDisconnected: url !== null && openedUrl.current === url && state !== "open" };
}

/** Merge received spans into the list: newest first, without duplicates. */
export function mergeSpans(previous: Span[], received: Span[]): Span[] {
  const knownIds = new Set(previous.map((span) => span.id));
  const newSpans = received.filter((span) => !knownIds.has(span.id) && knownIds.add(span.id));
  if (newSpans.length === 0) return previous;
  return [...previous, ...newSpans]
    .sort((a, b) => (a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : a.id < b.id ? 1 : -1))
    .slice(0, MAX_LIVE_SPANS);
}

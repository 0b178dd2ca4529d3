import { useEffect, useRef, useState } from "react";

/** Connection state of an event stream. */
export type StreamState = "connecting" | "open" | "closed";

/** One server-sent event: name, data, and the id from which a broken stream resumes. */
export type ServerEvent<T> = { name: string; data: T; id: string };

/**
 * Follow server-sent events while `url` is set. Events are delivered in batches, at most one per 50 ms. The browser
 * reconnects by itself and resumes after the last event received. The event named `end` closes the stream.
 */
export function useEvents<T>(
  url: string | null,
  names: string[],
  onBatch: (events: ServerEvent<T>[]) => void,
): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const onBatchRef = useRef(onBatch);
  useEffect(() => {
    onBatchRef.current = onBatch;
  });
  const key = names.join(" ");
  useEffect(() => {
    if (!url) return;
    const eventSource = new EventSource(url);
    let pending: ServerEvent<T>[] = [];
    let timer = 0;
    const flush = () => {
      timer = 0;
      const batch = pending;
      pending = [];
      onBatchRef.current(batch);
    };
    eventSource.onopen = () => setState("open");
    eventSource.onerror = () => setState(eventSource.readyState === EventSource.CLOSED ? "closed" : "connecting");
    for (const name of key.split(" "))
      eventSource.addEventListener(name, (event: MessageEvent<string>) => {
        pending.push({ name, data: JSON.parse(event.data), id: event.lastEventId });
        if (name === "end") {
          eventSource.close();
          setState("closed");
        }
        timer ||= window.setTimeout(flush, 50);
      });
    return () => {
      window.clearTimeout(timer);
      eventSource.close();
    };
  }, [url, key]);
  return state;
}

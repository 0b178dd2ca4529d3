import { useEffect, useRef, useState } from "react";

/** How a stream of events stands. */
export type Live = "connecting" | "open" | "closed";

/** One event: its name, its data, and the id where a broken stream goes on. */
export type ServerEvent<T> = { name: string; data: T; id: string };

/**
 * Follow server-sent events while `url` is set. Events come in batches, at most one batch a frame; the browser
 * reconnects by itself and goes on after the last event it saw. An event named `end` is the last.
 */
export function useEvents<T>(url: string | null, names: string[], onBatch: (events: ServerEvent<T>[]) => void): Live {
  const [state, setState] = useState<Live>("connecting");
  const handler = useRef(onBatch);
  useEffect(() => {
    handler.current = onBatch;
  });
  const key = names.join(" ");
  useEffect(() => {
    if (!url) return;
    const source = new EventSource(url);
    let waiting: ServerEvent<T>[] = [];
    let timer = 0;
    const flush = () => {
      timer = 0;
      const batch = waiting;
      waiting = [];
      handler.current(batch);
    };
    source.onopen = () => setState("open");
    source.onerror = () => setState(source.readyState === EventSource.CLOSED ? "closed" : "connecting");
    for (const name of key.split(" "))
      source.addEventListener(name, (event: MessageEvent<string>) => {
        waiting.push({ name, data: JSON.parse(event.data), id: event.lastEventId });
        if (name === "end") {
          source.close();
          setState("closed");
        }
        timer ||= window.setTimeout(flush, 50);
      });
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, [url, key]);
  return state;
}

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, reach } from "@/api/client";
import type { ChatMessage } from "@/components/Chat";
import { messagesFor, type Params, type Replay, requestOf, type Side, type Turn } from "./conversation";
import { type Answer, begun, readAnswer } from "./stream";

/** All that a conversation is made of, kept in the tab so that a reload loses nothing. */
export type Kept = {
  system: string;
  before: ChatMessage[];
  rest: Record<string, unknown>;
  params: Record<Side, Params>;
  turns: Turn[];
  /** The span that was loaded, so that a reload does not load it over what was done since. */
  span?: string;
};

const EMPTY: Kept = { system: "", before: [], rest: {}, params: { left: {}, right: {} }, turns: [] };
const PLACE = "vong-playground";

function kept(): Kept {
  try {
    const found = { ...EMPTY, ...(JSON.parse(sessionStorage.getItem(PLACE) ?? "{}") as Partial<Kept>) };
    return {
      ...found,
      turns: found.turns.map((turn) => ({ ...turn, left: ended(turn.left), right: ended(turn.right) })),
    };
  } catch {
    return EMPTY;
  }
}

/** An answer that was still coming when the page was left has stopped. */
const ended = (answer?: Answer): Answer | undefined =>
  answer?.state === "running" ? { ...answer, state: "stopped" } : answer;

/** The conversation of the page: what is set, what was said, and how to ask, stop and begin anew. */
export function usePlayground() {
  const [state, setState] = useState<Kept>(kept);
  const latest = useRef(state);
  const running = useRef(new Map<string, AbortController>());
  const [busy, setBusy] = useState(0);
  const change = useCallback((how: (had: Kept) => Kept) => {
    latest.current = how(latest.current);
    setState(latest.current);
  }, []);
  useEffect(() => {
    const later = setTimeout(() => {
      try {
        sessionStorage.setItem(PLACE, JSON.stringify(state));
      } catch {
        // A tab without room for it works on; only a reload begins anew.
      }
    }, 300);
    return () => clearTimeout(later);
  }, [state]);
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const one of all.values()) one.abort();
    };
  }, []);

  const put = useCallback(
    (id: string, side: Side, answer: Answer) =>
      change((had) => ({
        ...had,
        turns: had.turns.map((turn) => (turn.id === id ? { ...turn, [side]: answer } : turn)),
      })),
    [change],
  );

  const ask = useCallback(
    async (id: string, side: Side, model: string) => {
      const { system, before, turns, params, rest } = latest.current;
      const messages = messagesFor(side, system, before, turns, id);
      const body = JSON.stringify(requestOf(model, messages, params[side], rest));
      const abort = new AbortController();
      const name = `${id}:${side}`;
      running.current.get(name)?.abort();
      running.current.set(name, abort);
      setBusy(running.current.size);
      const began = performance.now();
      const clock = () => performance.now() - began;
      let now = begun(model);
      const show = (answer: Answer) => {
        now = answer;
        if (running.current.get(name) === abort) put(id, side, answer);
      };
      show(now);
      try {
        const headers = { "content-type": "application/json" };
        const response = await reach("/v1/chat/completions", { method: "POST", headers, body, signal: abort.signal });
        show(await readAnswer(response, now, show, clock));
      } catch (error) {
        if (abort.signal.aborted) show({ ...now, state: "stopped", total: clock() });
        else {
          const known = error instanceof ApiError ? error : new ApiError(0, String((error as Error).message));
          show({ ...now, state: "failed", error: known, total: clock() });
        }
      }
      if (running.current.get(name) === abort) running.current.delete(name);
      setBusy(running.current.size);
    },
    [put],
  );

  /** Send a message to each column that has a model. */
  const send = useCallback(
    (user: string | undefined, models: Partial<Record<Side, string>>) => {
      const id = crypto.randomUUID();
      change((had) => ({ ...had, turns: [...had.turns, { id, user }] }));
      for (const side of ["left", "right"] as const) {
        const model = models[side];
        if (model) void ask(id, side, model);
      }
    },
    [ask, change],
  );

  const stop = useCallback(() => {
    for (const one of running.current.values()) one.abort();
  }, []);

  const clear = useCallback(() => {
    stop();
    change((had) => ({ ...EMPTY, system: had.system, params: had.params }));
  }, [change, stop]);

  const load = useCallback(
    (span: string, replay: Replay) => {
      stop();
      const { system, before, rest, params } = replay;
      change(() => ({ system, before, rest, params: { left: params, right: params }, turns: [], span }));
    },
    [change, stop],
  );

  return { state, change, busy: busy > 0, ask, send, stop, clear, load };
}

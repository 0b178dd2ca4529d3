import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, sendRequest } from "@/api/client";
import type { ChatMessage } from "@/components/Chat";
import { messagesFor, type Params, type Replay, type Side, type Turn, toRequestBody } from "./conversation";
import { type Answer, emptyAnswer, readAnswer } from "./stream";

/** State of the conversation, stored in the tab's session storage so that it survives a reload. */
export type PlaygroundState = {
  system: string;
  initialMessages: ChatMessage[];
  extraParams: Record<string, unknown>;
  params: Record<Side, Params>;
  turns: Turn[];
  /** Span that was loaded. Prevents a reload from loading it again over later changes. */
  span?: string;
};

const EMPTY_STATE: PlaygroundState = {
  system: "",
  initialMessages: [],
  extraParams: {},
  params: { left: {}, right: {} },
  turns: [],
};
const STORAGE_KEY = "vong-playground";

function loadState(): PlaygroundState {
  try {
    const stored = {
      ...EMPTY_STATE,
      ...(JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "{}") as Partial<PlaygroundState>),
    };
    return {
      ...stored,
      turns: stored.turns.map((turn) => ({ ...turn, left: markStopped(turn.left), right: markStopped(turn.right) })),
    };
  } catch {
    return EMPTY_STATE;
  }
}

/** Mark an answer that was streaming when the page was closed as stopped. */
const markStopped = (answer?: Answer): Answer | undefined =>
  answer?.state === "running" ? { ...answer, state: "stopped" } : answer;

/** Return the state of the conversation and the functions to send, stop, load and clear. */
export function usePlayground() {
  const [state, setState] = useState<PlaygroundState>(loadState);
  const latestState = useRef(state);
  const controllers = useRef(new Map<string, AbortController>());
  const [pendingCount, setPendingCount] = useState(0);
  const update = useCallback((updater: (previous: PlaygroundState) => PlaygroundState) => {
    latestState.current = updater(latestState.current);
    setState(latestState.current);
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => {
      try {
        sessionStorage.setItem(STORAGE_KEY, JSON.stringify(state));
      } catch {
        // Session storage may be full. The conversation continues and is only lost on a reload.
      }
    }, 300);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    const controllerMap = controllers.current;
    return () => {
      for (const controller of controllerMap.values()) controller.abort();
    };
  }, []);

  const setAnswer = useCallback(
    (id: string, side: Side, answer: Answer) =>
      update((previous) => ({
        ...previous,
        turns: previous.turns.map((turn) => (turn.id === id ? { ...turn, [side]: answer } : turn)),
      })),
    [update],
  );

  const ask = useCallback(
    async (id: string, side: Side, model: string) => {
      const { system, initialMessages, turns, params, extraParams } = latestState.current;
      const messages = messagesFor(side, system, initialMessages, turns, id);
      const body = JSON.stringify(toRequestBody(model, messages, params[side], extraParams));
      const controller = new AbortController();
      const requestKey = `${id}:${side}`;
      controllers.current.get(requestKey)?.abort();
      controllers.current.set(requestKey, controller);
      setPendingCount(controllers.current.size);
      const startTime = performance.now();
      const clock = () => performance.now() - startTime;
      let current = emptyAnswer(model);
      const showAnswer = (answer: Answer) => {
        current = answer;
        if (controllers.current.get(requestKey) === controller) setAnswer(id, side, answer);
      };
      showAnswer(current);
      try {
        const headers = { "content-type": "application/json" };
        const response = await sendRequest("/v1/chat/completions", {
          method: "POST",
          headers,
          body,
          signal: controller.signal,
        });
        showAnswer(await readAnswer(response, current, showAnswer, clock));
      } catch (error) {
        if (controller.signal.aborted) showAnswer({ ...current, state: "stopped", total: clock() });
        else {
          const apiError = error instanceof ApiError ? error : new ApiError(0, String((error as Error).message));
          showAnswer({ ...current, state: "failed", error: apiError, total: clock() });
        }
      }
      if (controllers.current.get(requestKey) === controller) controllers.current.delete(requestKey);
      setPendingCount(controllers.current.size);
    },
    [setAnswer],
  );

  /** Send a message to each column that has a model. */
  const send = useCallback(
    (user: string | undefined, models: Partial<Record<Side, string>>) => {
      const id = crypto.randomUUID();
      update((previous) => ({ ...previous, turns: [...previous.turns, { id, user }] }));
      for (const side of ["left", "right"] as const) {
        const model = models[side];
        if (model) void ask(id, side, model);
      }
    },
    [ask, update],
  );

  const stop = useCallback(() => {
    for (const controller of controllers.current.values()) controller.abort();
  }, []);

  const clear = useCallback(() => {
    stop();
    update((previous) => ({ ...EMPTY_STATE, system: previous.system, params: previous.params }));
  }, [update, stop]);

  const load = useCallback(
    (span: string, replay: Replay) => {
      stop();
      const { system, initialMessages, extraParams, params } = replay;
      update(() => ({
        system,
        initialMessages,
        extraParams,
        params: { left: params, right: params },
        turns: [],
        span,
      }));
    },
    [update, stop],
  );

  return { state, update, busy: pendingCount > 0, ask, send, stop, clear, load };
}

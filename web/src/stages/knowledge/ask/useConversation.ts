import { useCallback, useEffect, useRef, useState } from "react";
import { applyEvent, type Exchange, newExchange, streamAnswer } from "./answer";

/** Hold a conversation with a base: its exchanges, newest first, and functions to ask, stop and begin anew. */
export function useConversation(base: string) {
  const [exchanges, setExchanges] = useState<Exchange[]>([]);
  const [isAsking, setIsAsking] = useState(false);
  const conversation = useRef<string>(undefined);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const stop = useCallback(() => abort.current?.abort(), []);
  const reset = useCallback(() => {
    abort.current?.abort();
    conversation.current = undefined;
    setExchanges([]);
  }, []);
  const ask = async (question: string, model: string) => {
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    conversation.current ??= crypto.randomUUID();
    const started = newExchange(question);
    setExchanges((previous) => [started, ...previous]);
    setIsAsking(true);
    const change = (update: (exchange: Exchange) => Exchange) =>
      setExchanges((previous) => previous.map((one) => (one.id === started.id ? update(one) : one)));
    try {
      await streamAnswer(
        base,
        { question, model, conversation: conversation.current },
        (event) => change((exchange) => applyEvent(exchange, event)),
        controller.signal,
      );
    } catch (error) {
      if (!controller.signal.aborted) change((exchange) => ({ ...exchange, error }));
      else setExchanges((previous) => previous.filter((one) => one.id !== started.id || one.draft || one.answer));
    } finally {
      if (abort.current === controller) setIsAsking(false);
    }
  };
  return { exchanges, isAsking, ask, stop, reset };
}

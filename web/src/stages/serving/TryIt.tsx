import { Button, Textarea } from "@mantine/core";
import { MessagesSquare, Send, Square } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type ChatEnd, streamChat, type Turn } from "@/api/chat";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat } from "@/components/Chat";
import { failed } from "@/components/notify";
import { Panel } from "@/components/Page";
import { PlaceLink, useGo } from "@/components/ThingLink";
import c from "./serving.module.css";

const LONGEST = 256;

/** A small conversation with a model, streamed, through the same surface that every client uses. */
export function TryIt({ model, ready }: { model: string; ready: boolean }) {
  const t = useMessages().serving.talk;
  const f = useFormats();
  const go = useGo();
  const [turns, setTurns] = useState<Turn[]>([]);
  const [text, setText] = useState("");
  const [end, setEnd] = useState<(ChatEnd & { ms: number }) | null>(null);
  const running = useRef<AbortController | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => running.current?.abort(), []);
  const ask = async () => {
    const content = text.trim();
    if (!content || busy) return;
    const asked: Turn[] = [...turns, { role: "user", content }];
    const control = new AbortController();
    running.current = control;
    setTurns([...asked, { role: "assistant", content: "" }]);
    setText("");
    setEnd(null);
    setBusy(true);
    const start = performance.now();
    let answer = "";
    try {
      const over = await streamChat(
        { model, messages: asked, max_tokens: LONGEST },
        (piece) => {
          answer += piece;
          setTurns([...asked, { role: "assistant", content: answer }]);
        },
        control.signal,
      );
      setEnd({ ...over, ms: performance.now() - start });
    } catch (error) {
      if ((error as Error).name !== "AbortError") {
        failed(error);
        if (!answer) {
          setTurns(turns);
          setText(content);
        }
      }
    } finally {
      setBusy(false);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void ask();
  };
  return (
    <Panel
      title={t.title}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<MessagesSquare size={14} aria-hidden />}
          onClick={() => go({ to: "/playground", search: { model } })}
        >
          {t.playground}
        </Button>
      }
    >
      <div className={c.talk}>
        {turns.length > 0 && (
          <div aria-live="polite">
            <Chat messages={turns} />
          </div>
        )}
        {end && (
          <div className={`${c.after} num`}>
            <span>{f.duration(end.ms)}</span>
            <span>{t.tokens(f.number(end.input), f.number(end.output))}</span>
            {end.span && (
              <>
                <PlaceLink to="/traces" search={{ span: end.span }}>
                  {t.trace}
                </PlaceLink>
                <PlaceLink to="/registry/lineage" search={{ of: end.span }}>
                  {t.lineage}
                </PlaceLink>
              </>
            )}
          </div>
        )}
        <div className={c.ask}>
          <Textarea
            aria-label={t.message}
            placeholder={ready ? t.message : t.notReady}
            disabled={!ready}
            autosize
            minRows={1}
            maxRows={6}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={onKey}
          />
          {busy ? (
            <Button
              variant="default"
              leftSection={<Square size={13} aria-hidden />}
              onClick={() => running.current?.abort()}
            >
              {t.stop}
            </Button>
          ) : (
            <Button
              variant="light"
              leftSection={<Send size={14} aria-hidden />}
              disabled={!ready || !text.trim()}
              onClick={() => void ask()}
            >
              {t.send}
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

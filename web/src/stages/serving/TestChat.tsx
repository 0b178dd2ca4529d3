import { Button, Textarea } from "@mantine/core";
import { MessagesSquare, Send, Square } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type ChatResult, type Message, streamChat } from "@/api/chat";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat } from "@/components/Chat";
import { LocationLink, useNavigateTo } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Page";
import c from "./serving.module.css";

const MAX_TOKENS = 256;

/** Show a small streaming chat with a model through the OpenAI-compatible API. */
export function TestChat({ model, ready }: { model: string; ready: boolean }) {
  const t = useMessages().serving.talk;
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const [messages, setMessages] = useState<Message[]>([]);
  const [text, setText] = useState("");
  const [result, setResult] = useState<(ChatResult & { ms: number }) | null>(null);
  const controllerRef = useRef<AbortController | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => () => controllerRef.current?.abort(), []);
  const send = async () => {
    const content = text.trim();
    if (!content || isBusy) return;
    const sentMessages: Message[] = [...messages, { role: "user", content }];
    const controller = new AbortController();
    controllerRef.current = controller;
    setMessages([...sentMessages, { role: "assistant", content: "" }]);
    setText("");
    setResult(null);
    setIsBusy(true);
    const start = performance.now();
    let answer = "";
    try {
      const chatResult = await streamChat(
        { model, messages: sentMessages, max_tokens: MAX_TOKENS },
        (chunk) => {
          answer += chunk;
          setMessages([...sentMessages, { role: "assistant", content: answer }]);
        },
        controller.signal,
      );
      setResult({ ...chatResult, ms: performance.now() - start });
    } catch (error) {
      if ((error as Error).name !== "AbortError") {
        notifyError(error);
        if (!answer) {
          setMessages(messages);
          setText(content);
        }
      }
    } finally {
      setIsBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  return (
    <Panel
      title={t.title}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<MessagesSquare size={14} aria-hidden />}
          onClick={() => navigateTo({ to: "/playground", search: { model } })}
        >
          {t.playground}
        </Button>
      }
    >
      <div className={c.chat}>
        {messages.length > 0 && (
          <div aria-live="polite">
            <Chat messages={messages} />
          </div>
        )}
        {result && (
          <div className={`${c.summary} num`}>
            <span>{f.duration(result.ms)}</span>
            <span>{t.tokens(f.number(result.input), f.number(result.output))}</span>
            {result.span && (
              <>
                <LocationLink to="/traces" search={{ span: result.span }}>
                  {t.trace}
                </LocationLink>
                <LocationLink to="/registry/lineage" search={{ ref: result.span }}>
                  {t.lineage}
                </LocationLink>
              </>
            )}
          </div>
        )}
        <div className={c.composer}>
          <Textarea
            aria-label={t.message}
            placeholder={ready ? t.message : t.notReady}
            disabled={!ready}
            autosize
            minRows={1}
            maxRows={6}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          {isBusy ? (
            <Button
              variant="default"
              leftSection={<Square size={13} aria-hidden />}
              onClick={() => controllerRef.current?.abort()}
            >
              {t.stop}
            </Button>
          ) : (
            <Button
              variant="light"
              leftSection={<Send size={14} aria-hidden />}
              disabled={!ready || !text.trim()}
              onClick={() => void send()}
            >
              {t.send}
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

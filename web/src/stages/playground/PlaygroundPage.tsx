import { ActionIcon, Alert, Anchor, Button, Collapse, Group, Text, Textarea, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import {
  ChevronDown,
  ChevronRight,
  Columns2,
  MessagesSquare,
  Rocket,
  SendHorizontal,
  Square,
  SquarePen,
  X,
} from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await, Failure } from "@/components/Await";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { answerText } from "@/components/span/body";
import { spanQuery } from "@/components/span/queries";
import { Column } from "./Column";
import { replayOf } from "./conversation";
import c from "./Playground.module.css";
import { type ModelGroups, modelsQuery } from "./queries";
import type { PlaygroundSearch } from "./routes";
import { usePlayground } from "./usePlayground";

const CLI = 'vong gateway try "Hello" --model echo/echo';
const PYTHON = `from vong.client import Client
Client().gateway.chat("echo/echo", "Hello")`;

/** Talk to any model or route, or to two at once. */
export default function PlaygroundPage() {
  const t = useMessages().playground;
  const app = useMessages().app;
  const models = useQuery(modelsQuery);
  return (
    <Await query={models}>
      {(groups) =>
        Object.values(groups).flat().length === 0 ? (
          <>
            <PageHeader title={app.nav.playground} sub={t.lead} />
            <EmptyState
              icon={MessagesSquare}
              title={t.noModels.title}
              action={
                <Button component={Link} to="/serving" size="sm" leftSection={<Rocket size={15} aria-hidden />}>
                  {t.noModels.action}
                </Button>
              }
              cli={CLI}
              python={PYTHON}
            >
              {t.noModels.text}
            </EmptyState>
          </>
        ) : (
          <Playground models={groups} />
        )
      }
    </Await>
  );
}

function Playground({ models }: { models: ModelGroups }) {
  const t = useMessages().playground;
  const app = useMessages().app;
  const search = useSearch({ from: "/playground" });
  const navigate = useNavigate({ from: "/playground" });
  const go = (part: PlaygroundSearch) => navigate({ search: (had) => ({ ...had, ...part }), replace: true });
  const play = usePlayground();
  const { state, change, busy, send, stop, clear, load } = play;
  const all = useMemo(() => [...models.routes, ...models.deployments, ...models.others], [models]);
  const left = search.model ?? all[0];
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);

  const span = useQuery({ ...spanQuery(search.span ?? "", true), enabled: Boolean(search.span) });
  const replay = useMemo(() => span.data && replayOf(span.data.input, span.data.model), [span.data]);
  const loaded = span.data && replay && state.span === span.data.id;
  useEffect(() => {
    if (!span.data || !replay || state.span === span.data.id) return;
    load(span.data.id, replay);
    setText(replay.ask);
    void navigate({
      search: (had) => ({ ...had, model: had.model ?? (replay.model || undefined) }),
      replace: true,
    });
  }, [span.data, replay, state.span, load, navigate]);

  const waits = state.before.at(-1)?.role === "user" && state.turns.length === 0;
  const ready = !busy && Boolean(left) && (text.trim() !== "" || waits);
  const submit = () => {
    if (!ready) return;
    send(text.trim() ? text : undefined, { left, right: search.beside });
    setText("");
    field.current?.focus();
  };
  const fresh = () => {
    clear();
    setText("");
    if (search.span) go({ span: undefined });
    field.current?.focus();
  };
  useHotkeys([["Escape", stop]], ["SELECT"]);
  const other = all.find((name) => name !== left) ?? left;
  return (
    <div className={c.page}>
      <PageHeader
        title={app.nav.playground}
        actions={
          <>
            {!search.beside && (
              <Button
                size="xs"
                variant="default"
                leftSection={<Columns2 size={14} aria-hidden />}
                onClick={() => go({ beside: other })}
              >
                {t.beside}
              </Button>
            )}
            <Button size="xs" variant="default" leftSection={<SquarePen size={14} aria-hidden />} onClick={fresh}>
              {t.clear}
            </Button>
          </>
        }
      />
      <div className={c.setup}>
        {search.span && span.isError && <Failure error={span.error} />}
        {span.data && !replay && (
          <Alert color="yellow" p="xs">
            {t.noConversation}
          </Alert>
        )}
        {loaded && span.data && <Replaying span={span.data} extra={state.rest} onDismiss={fresh} />}
        <System value={state.system} onChange={(system) => change((had) => ({ ...had, system }))} />
      </div>
      <div className={c.columns} data-two={search.beside ? true : undefined}>
        <Column
          side="left"
          model={left}
          models={models}
          play={play}
          original={loaded && span.data ? answerText(span.data.output) : undefined}
          onModel={(model) => go({ model })}
        />
        {search.beside && (
          <Column
            side="right"
            model={search.beside}
            models={models}
            play={play}
            original={loaded && span.data ? answerText(span.data.output) : undefined}
            onModel={(beside) => go({ beside })}
            onRemove={() => go({ beside: undefined })}
          />
        )}
      </div>
      <form
        className={c.composer}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Textarea
          ref={field}
          autosize
          minRows={1}
          maxRows={10}
          autoFocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              submit();
            } else if (event.key === "Escape") stop();
          }}
          placeholder={t.messageHint}
          aria-label={t.message}
          className={c.message}
        />
        {busy ? (
          <Button variant="light" color="red" leftSection={<Square size={13} aria-hidden />} onClick={stop}>
            {t.stop}
          </Button>
        ) : (
          <Button type="submit" disabled={!ready} leftSection={<SendHorizontal size={15} aria-hidden />}>
            {t.send}
          </Button>
        )}
      </form>
    </div>
  );
}

/** The system prompt: a line while it is short or closed. */
function System({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useMessages().playground;
  const [open, setOpen] = useState(false);
  const Icon = open ? ChevronDown : ChevronRight;
  return (
    <div className={c.system}>
      <button type="button" className={c.systemHead} onClick={() => setOpen(!open)} aria-expanded={open}>
        <Icon size={14} aria-hidden />
        <b>{t.system}</b>
        {!open && <span className={c.systemText}>{value || t.systemHint}</span>}
      </button>
      <Collapse expanded={open}>
        <Textarea
          autosize
          minRows={2}
          maxRows={10}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          placeholder={t.systemHint}
          aria-label={t.system}
          mt={6}
        />
      </Collapse>
    </div>
  );
}

type ReplayingProps = { span: S["Span"]; extra: Record<string, unknown>; onDismiss: () => void };

/** Which span is asked again, and what it answered then. */
function Replaying({ span, extra, onDismiss }: ReplayingProps) {
  const t = useMessages().playground;
  const f = useFormats();
  const names = Object.keys(extra);
  return (
    <div className={c.replaying}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" component="div" style={{ minWidth: 0 }}>
          <b>{t.replaying}</b>{" "}
          <Anchor component={Link} to="/traces" search={{ span: span.id } as never} size="sm" underline="always">
            {span.name}
          </Anchor>{" "}
          <Text span size="xs" c="dimmed" className="num">
            {span.model} · {f.time(span.started_at)} · {f.duration(span.duration_ms)}
            {names.length > 0 && ` · ${t.extra(names.join(", "))}`}
          </Text>
        </Text>
        <Tooltip label={t.dismiss}>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t.dismiss} onClick={onDismiss}>
            <X size={15} />
          </ActionIcon>
        </Tooltip>
      </Group>
      <div className={c.then} tabIndex={0} role="group" aria-label={t.original}>
        <span className={c.role}>{t.original}</span>
        {answerText(span.output) || span.error}
      </div>
    </div>
  );
}

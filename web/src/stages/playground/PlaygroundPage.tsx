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
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { ErrorAlert, QueryBoundary } from "@/components/QueryBoundary";
import { correctableText } from "@/components/span/body";
import { spanQuery } from "@/components/span/queries";
import { toReplay } from "./conversation";
import { ModelColumn } from "./ModelColumn";
import c from "./Playground.module.css";
import { type ModelGroups, modelsQuery } from "./queries";
import type { PlaygroundSearch } from "./routes";
import { usePlayground } from "./usePlayground";

const CLI = 'vong gateway chat "Hello" --model echo/echo';
const PYTHON = `from vong.client import Client
Client().gateway.chat("echo/echo", "Hello")`;

/** Show conversations with one or two models or routes. */
export default function PlaygroundPage() {
  const t = useMessages().playground;
  const app = useMessages().app;
  const models = useQuery(modelsQuery);
  return (
    <QueryBoundary query={models}>
      {(groups) =>
        Object.values(groups).flat().length === 0 ? (
          <>
            <PageHeader title={app.nav.playground} subtitle={t.lead} />
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
    </QueryBoundary>
  );
}

function Playground({ models }: { models: ModelGroups }) {
  const t = useMessages().playground;
  const app = useMessages().app;
  const search = useSearch({ from: "/playground" });
  const navigate = useNavigate({ from: "/playground" });
  const updateSearch = (changes: PlaygroundSearch) =>
    navigate({ search: (previous) => ({ ...previous, ...changes }), replace: true });
  const playground = usePlayground();
  const { state, update, busy, send, stop, clear, load } = playground;
  const modelNames = useMemo(() => [...models.routes, ...models.deployments, ...models.others], [models]);
  const leftModel = search.model ?? modelNames[0];
  const [text, setText] = useState("");
  const inputRef = useRef<HTMLTextAreaElement>(null);

  const span = useQuery({ ...spanQuery(search.span ?? ""), enabled: Boolean(search.span) });
  const replay = useMemo(() => span.data && toReplay(span.data.input, span.data.model), [span.data]);
  const isReplayLoaded = span.data && replay && state.span === span.data.id;
  useEffect(() => {
    if (!span.data || !replay || state.span === span.data.id) return;
    load(span.data.id, replay);
    setText(replay.draft);
    void navigate({
      search: (previous) => ({ ...previous, model: previous.model ?? (replay.model || undefined) }),
      replace: true,
    });
  }, [span.data, replay, state.span, load, navigate]);

  const hasPendingQuestion = state.initialMessages.at(-1)?.role === "user" && state.turns.length === 0;
  const canSend = !busy && Boolean(leftModel) && (text.trim() !== "" || hasPendingQuestion);
  const submit = () => {
    if (!canSend) return;
    send(text.trim() ? text : undefined, { left: leftModel, right: search.beside });
    setText("");
    inputRef.current?.focus();
  };
  const startNew = () => {
    clear();
    setText("");
    if (search.span) updateSearch({ span: undefined });
    inputRef.current?.focus();
  };
  useHotkeys([["Escape", stop]], ["SELECT"]);
  const secondModel = modelNames.find((name) => name !== leftModel) ?? leftModel;
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
                onClick={() => updateSearch({ beside: secondModel })}
              >
                {t.beside}
              </Button>
            )}
            <Button size="xs" variant="default" leftSection={<SquarePen size={14} aria-hidden />} onClick={startNew}>
              {t.clear}
            </Button>
          </>
        }
      />
      <div className={c.setup}>
        {search.span && span.isError && <ErrorAlert error={span.error} />}
        {span.data && !replay && (
          <Alert color="yellow" p="xs">
            {t.noConversation}
          </Alert>
        )}
        {isReplayLoaded && span.data && (
          <ReplayedSpan span={span.data} extraParams={state.extraParams} onDismiss={startNew} />
        )}
        <SystemPrompt value={state.system} onChange={(system) => update((previous) => ({ ...previous, system }))} />
      </div>
      <div className={c.columns} data-two={search.beside ? true : undefined}>
        <ModelColumn
          side="left"
          model={leftModel}
          models={models}
          playground={playground}
          original={isReplayLoaded && span.data ? correctableText(span.data.output) : undefined}
          onModel={(model) => updateSearch({ model })}
        />
        {search.beside && (
          <ModelColumn
            side="right"
            model={search.beside}
            models={models}
            playground={playground}
            original={isReplayLoaded && span.data ? correctableText(span.data.output) : undefined}
            onModel={(beside) => updateSearch({ beside })}
            onRemove={() => updateSearch({ beside: undefined })}
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
          ref={inputRef}
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
          <Button type="submit" disabled={!canSend} leftSection={<SendHorizontal size={15} aria-hidden />}>
            {t.send}
          </Button>
        )}
      </form>
    </div>
  );
}

/** Show the system prompt: one line while collapsed, an editor while open. */
function SystemPrompt({ value, onChange }: { value: string; onChange: (value: string) => void }) {
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

type ReplayedSpanProps = { span: Schema["Span"]; extraParams: Record<string, unknown>; onDismiss: () => void };

/** Show which span is replayed and its original answer. */
function ReplayedSpan({ span, extraParams, onDismiss }: ReplayedSpanProps) {
  const t = useMessages().playground;
  const f = useFormats();
  const names = Object.keys(extraParams);
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
      <div className={c.originalAnswer} tabIndex={0} role="group" aria-label={t.original}>
        <span className={c.role}>{t.original}</span>
        {correctableText(span.output) || span.error}
      </div>
    </div>
  );
}

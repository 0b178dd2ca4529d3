import { Alert, Anchor, Button, Kbd } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, DatabaseZap, GitFork, PencilLine, RotateCcw } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { JsonBlock } from "@/components/Code";
import { Facts, Stats } from "@/components/Page";
import { PeekSection } from "@/components/Peek";
import { Status } from "@/components/Status";
import { Behind } from "@/components/span/Behind";
import { answerText, messagesOf } from "@/components/span/body";
import { Correction, Thumbs } from "@/components/span/Judge";
import { KeepExample } from "@/components/span/KeepExample";
import { scoresQuery, traceQuery } from "@/components/span/queries";
import { Scores } from "@/components/span/Scores";
import { SpanBody } from "@/components/span/SpanBody";
import { Waterfall } from "@/components/span/Waterfall";
import { When } from "@/components/When";
import c from "./Traces.module.css";

type Span = S["Span"];

/** All of a span: figures, what can be done with it, its trace, its bodies, what made it, what was said of it. */
export function SpanDetail({ span, onOpen }: { span: Span; onOpen: (id: string) => void }) {
  const t = useMessages().traces.span;
  const trace = useQuery(traceQuery(span.trace_id));
  const versions = span.versions ?? {};
  const made = Object.values(versions).some(Boolean);
  return (
    <div>
      <Figures span={span} />
      <Actions span={span} />
      {span.error && (
        <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={t.failed} mt="md" role="alert">
          {span.error}
        </Alert>
      )}
      <PeekSection title={t.timeline}>
        <Await query={trace} lines={2}>
          {(whole) => <Waterfall trace={whole} selected={span.id} onSelect={onOpen} />}
        </Await>
      </PeekSection>
      <PeekSection title={t.input}>
        <SpanBody value={span.input} label={t.input} />
        <Parameters input={span.input} />
      </PeekSection>
      <PeekSection title={t.output}>
        <SpanBody value={span.output} label={t.output} />
      </PeekSection>
      {made && (
        <PeekSection title={t.behind}>
          <Behind id={span.id} versions={versions} />
          <Anchor
            component={Link}
            to="/registry/lineage"
            search={{ of: span.id } as never}
            size="sm"
            style={{ display: "inline-flex", alignItems: "center", gap: 6, marginTop: 4 }}
          >
            <GitFork size={14} aria-hidden /> {t.origin}
          </Anchor>
        </PeekSection>
      )}
      <PeekSection title={t.scores}>
        <Scores span={span} />
      </PeekSection>
      <Details span={span} />
    </div>
  );
}

function Figures({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const { input_tokens: asked, output_tokens: answered, cached_tokens: cached, cost } = span.usage ?? {};
  const items = [
    { label: t.latency, value: f.duration(span.duration_ms), note: <When at={span.started_at} /> },
    { label: t.firstToken, value: f.duration(span.first_token_ms) },
    {
      label: t.tokens,
      value: asked == null && answered == null ? f.number(null) : `${f.number(asked)} / ${f.number(answered)}`,
      note: cached ? t.cached(f.number(cached)) : undefined,
    },
    { label: t.cost, value: f.money(cost) },
  ];
  return <Stats items={items} />;
}

function Actions({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const [correcting, correct] = useState(false);
  const [keeping, keep] = useState(false);
  const messages = messagesOf(span.input);
  const chat = messages.length > 0;
  const answer = answerText(span.output);
  const scores = useQuery(scoresQuery(span.id));
  const wanted = scores.data?.find((score) => score.correction != null)?.correction ?? answer;
  useHotkeys([["C", () => correct(true)]]);
  const tools = (span.input as { tools?: unknown } | null)?.tools;
  return (
    <div style={{ marginTop: 12 }}>
      <div className={c.actions}>
        {chat && (
          <Button
            component={Link}
            to="/playground"
            search={{ span: span.id } as never}
            size="xs"
            variant="default"
            leftSection={<RotateCcw size={14} aria-hidden />}
          >
            {t.replay}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          leftSection={<PencilLine size={14} aria-hidden />}
          rightSection={<Kbd size="xs">C</Kbd>}
          onClick={() => correct(true)}
          aria-expanded={correcting}
        >
          {t.correct}
        </Button>
        {chat && (
          <Button
            size="xs"
            variant="default"
            leftSection={<DatabaseZap size={14} aria-hidden />}
            onClick={() => keep(true)}
          >
            {t.add}
          </Button>
        )}
        <Thumbs span={span.id} keys comment />
      </div>
      {correcting && (
        <div className={c.correction}>
          <Correction span={span.id} answer={answer} onClose={() => correct(false)} />
        </div>
      )}
      {keeping && (
        <KeepExample messages={messages} answer={wanted} span={span.id} tools={tools} onClose={() => keep(false)} />
      )}
    </div>
  );
}

/** The settings of a request beside its messages, each as it was sent. */
function Parameters({ input }: { input: unknown }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  if (typeof input !== "object" || input === null || Array.isArray(input)) return null;
  const { messages: _messages, input: _text, tools, ...rest } = input as Record<string, unknown>;
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  if (given.length === 0 && !Array.isArray(tools)) return null;
  return (
    <div className={c.params} role="group" aria-label={t.parameters}>
      {given.map(([name, value]) => {
        const text = typeof value === "object" ? JSON.stringify(value) : String(value);
        return (
          <span key={name} className={c.param} title={`${name} ${text}`}>
            {name} {text}
          </span>
        );
      })}
      {Array.isArray(tools) && <span className={c.param}>{t.tools(f.number(tools.length))}</span>}
    </div>
  );
}

const ATTEMPTS = "vong.attempts";
type Attempt = { target: string; status?: number; error?: string; message?: string; ms: number };

/** Whom a route asked for this answer, in their order, and how each ended. */
function Attempts({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const made = (span.attributes?.[ATTEMPTS] ?? []) as Attempt[];
  if (made.length === 0) return null;
  return (
    <PeekSection title={t.attempts}>
      <Facts
        items={made.map((one) => [
          <span key={one.target} className="mono">
            {one.target}
          </span>,
          <span key="end" title={one.message}>
            <Status
              state={one.error || (one.status ?? 0) >= 400 ? "failed" : "ok"}
              label={String(one.error ?? one.status)}
            />{" "}
            <span className="num">{f.duration(one.ms)}</span>
          </span>,
        ])}
      />
    </PeekSection>
  );
}

function Details({ span }: { span: Span }) {
  const t = useMessages().traces;
  const f = useFormats();
  const mono = (text: string) => <span className="mono">{text}</span>;
  const only = (search: Record<string, string>, text: string) => (
    <Anchor component={Link} to="/traces" search={search as never} size="sm" className="mono">
      {text}
    </Anchor>
  );
  const items: ([ReactNode, ReactNode] | false)[] = [
    [t.span.started, f.time(span.started_at)],
    [t.span.kind, t.kind[span.kind ?? "other"] ?? span.kind],
    Boolean(span.model) && [t.span.model, mono(span.model ?? "")],
    Boolean(span.key) && [t.span.key, only({ key: span.key ?? "" }, span.key ?? "")],
    Boolean(span.user) && [t.span.user, only({ user: span.user ?? "" }, span.user ?? "")],
    Boolean(span.session) && [t.span.session, only({ session: span.session ?? "" }, span.session ?? "")],
    [t.span.traceId, only({ trace_id: span.trace_id }, span.trace_id)],
    [t.span.spanId, mono(span.id)],
  ];
  const attributes = Object.entries(span.attributes ?? {}).filter(([name]) => name !== ATTEMPTS);
  return (
    <>
      <Attempts span={span} />
      <PeekSection title={t.span.details}>
        <Facts items={items.filter((item) => item !== false)} />
      </PeekSection>
      {attributes.length > 0 && (
        <PeekSection title={t.span.attributes}>
          <Facts
            items={attributes.map(([name, value]) => [
              mono(name),
              mono(typeof value === "string" ? value : JSON.stringify(value)),
            ])}
          />
        </PeekSection>
      )}
      <PeekSection title={<Raw span={span} />}>{null}</PeekSection>
    </>
  );
}

function Raw({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setOpen(!open)} aria-expanded={open}>
        {t.raw}
      </Button>
      {open && <JsonBlock value={span} label={t.raw} height={360} />}
    </>
  );
}

import { Alert, Anchor, Button, Kbd } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, DatabaseZap, GitFork, PencilLine, RotateCcw } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import { Facts, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { SidePanelSection } from "@/components/SidePanel";
import { Status } from "@/components/Status";
import { correctableText, requestMessages } from "@/components/span/body";
import { CorrectionEditor, ThumbButtons } from "@/components/span/FeedbackControls";
import { Provenance } from "@/components/span/Provenance";
import { scoresQuery, traceQuery } from "@/components/span/queries";
import { SaveAsExample } from "@/components/span/SaveAsExample";
import { Scores } from "@/components/span/Scores";
import { SpanBody } from "@/components/span/SpanBody";
import { Waterfall } from "@/components/span/Waterfall";
import c from "./Traces.module.css";

type Span = Schema["Span"];

/** Show a span: metrics, actions, trace, bodies, provenance and scores. */
export function SpanDetail({ span, onOpen }: { span: Span; onOpen: (id: string) => void }) {
  const t = useMessages().traces.span;
  const trace = useQuery(traceQuery(span.trace_id));
  const versions = span.versions ?? {};
  const hasVersions = Object.values(versions).some(Boolean);
  return (
    <div>
      <SpanMetrics span={span} />
      <Actions span={span} />
      {span.error && (
        <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={t.failed} mt="md" role="alert">
          {span.error}
        </Alert>
      )}
      <SidePanelSection title={t.timeline}>
        <QueryBoundary query={trace} lines={2}>
          {(traceData) => <Waterfall trace={traceData} selected={span.id} onSelect={onOpen} />}
        </QueryBoundary>
      </SidePanelSection>
      <SidePanelSection title={t.input}>
        <SpanBody value={span.input} label={t.input} />
        <Parameters input={span.input} />
      </SidePanelSection>
      <SidePanelSection title={t.output}>
        <SpanBody value={span.output} label={t.output} />
      </SidePanelSection>
      {hasVersions && (
        <SidePanelSection title={t.behind}>
          <Provenance id={span.id} versions={versions} />
          <Anchor
            component={Link}
            to="/registry/lineage"
            search={{ ref: span.id } as never}
            size="sm"
            style={{ display: "inline-flex", alignItems: "center", gap: 6, marginTop: 4 }}
          >
            <GitFork size={14} aria-hidden /> {t.origin}
          </Anchor>
        </SidePanelSection>
      )}
      <SidePanelSection title={t.scores}>
        <Scores span={span} />
      </SidePanelSection>
      <Details span={span} />
    </div>
  );
}

function SpanMetrics({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cached_tokens: cachedTokens,
    cost,
  } = span.usage ?? {};
  const items = [
    { label: t.latency, value: f.duration(span.duration_ms), note: <RelativeTime at={span.started_at} /> },
    { label: t.firstToken, value: f.duration(span.first_token_ms) },
    {
      label: t.tokens,
      value:
        inputTokens == null && outputTokens == null
          ? f.number(null)
          : `${f.number(inputTokens)} / ${f.number(outputTokens)}`,
      note: cachedTokens ? t.cached(f.number(cachedTokens)) : undefined,
    },
    { label: t.cost, value: f.money(cost) },
  ];
  return <Stats items={items} />;
}

function Actions({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const [isCorrecting, setIsCorrecting] = useState(false);
  const [isSaving, setIsSaving] = useState(false);
  const messages = requestMessages(span.input);
  const isChat = messages.length > 0;
  const answer = correctableText(span.output);
  const scores = useQuery(scoresQuery(span.id));
  const expectedAnswer = scores.data?.find((score) => score.correction != null)?.correction ?? answer;
  useHotkeys([["C", () => setIsCorrecting(true)]]);
  const tools = (span.input as { tools?: unknown } | null)?.tools;
  return (
    <div style={{ marginTop: 12 }}>
      <div className={c.actions}>
        {isChat && (
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
          onClick={() => setIsCorrecting(true)}
          aria-expanded={isCorrecting}
        >
          {t.correct}
        </Button>
        {isChat && (
          <Button
            size="xs"
            variant="default"
            leftSection={<DatabaseZap size={14} aria-hidden />}
            onClick={() => setIsSaving(true)}
          >
            {t.add}
          </Button>
        )}
        <ThumbButtons span={span.id} hotkeys comment />
      </div>
      {isCorrecting && (
        <div className={c.correction}>
          <CorrectionEditor span={span.id} answer={answer} onClose={() => setIsCorrecting(false)} />
        </div>
      )}
      {isSaving && (
        <SaveAsExample
          messages={messages}
          answer={expectedAnswer}
          span={span.id}
          tools={tools}
          onClose={() => setIsSaving(false)}
        />
      )}
    </div>
  );
}

/** Show the request parameters other than messages, as sent. */
function Parameters({ input }: { input: unknown }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  if (typeof input !== "object" || input === null || Array.isArray(input)) return null;
  const { messages: _messages, input: _text, tools, ...rest } = input as Record<string, unknown>;
  const entries = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  if (entries.length === 0 && !Array.isArray(tools)) return null;
  return (
    <div className={c.params} role="group" aria-label={t.parameters}>
      {entries.map(([name, value]) => {
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

const ATTEMPTS_ATTRIBUTE = "vong.attempts";
type Attempt = { target: string; status?: number; error?: string; message?: string; ms: number };

/** Show the attempts of a route for this answer, in order, with their results. */
function Attempts({ span }: { span: Span }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const attempts = (span.attributes?.[ATTEMPTS_ATTRIBUTE] ?? []) as Attempt[];
  if (attempts.length === 0) return null;
  return (
    <SidePanelSection title={t.attempts}>
      <Facts
        items={attempts.map((attempt) => [
          <span key={attempt.target} className="mono">
            {attempt.target}
          </span>,
          <span key="end" title={attempt.message}>
            <Status
              state={attempt.error || (attempt.status ?? 0) >= 400 ? "failed" : "ok"}
              label={String(attempt.error ?? attempt.status)}
            />{" "}
            <span className="num">{f.duration(attempt.ms)}</span>
          </span>,
        ])}
      />
    </SidePanelSection>
  );
}

function Details({ span }: { span: Span }) {
  const t = useMessages().traces;
  const f = useFormats();
  const mono = (text: string) => <span className="mono">{text}</span>;
  const filterLink = (search: Record<string, string>, text: string) => (
    <Anchor component={Link} to="/traces" search={search as never} size="sm" className="mono">
      {text}
    </Anchor>
  );
  const items: ([ReactNode, ReactNode] | false)[] = [
    [t.span.started, f.time(span.started_at)],
    [t.span.kind, t.kind[span.kind ?? "other"] ?? span.kind],
    Boolean(span.model) && [t.span.model, mono(span.model ?? "")],
    Boolean(span.key) && [t.span.key, filterLink({ key: span.key ?? "" }, span.key ?? "")],
    Boolean(span.user) && [t.span.user, filterLink({ user: span.user ?? "" }, span.user ?? "")],
    Boolean(span.session) && [t.span.session, filterLink({ session: span.session ?? "" }, span.session ?? "")],
    [t.span.traceId, filterLink({ trace_id: span.trace_id }, span.trace_id)],
    [t.span.spanId, mono(span.id)],
  ];
  const attributes = Object.entries(span.attributes ?? {}).filter(([name]) => name !== ATTEMPTS_ATTRIBUTE);
  return (
    <>
      <Attempts span={span} />
      <SidePanelSection title={t.span.details}>
        <Facts items={items.filter((item) => item !== false)} />
      </SidePanelSection>
      {attributes.length > 0 && (
        <SidePanelSection title={t.span.attributes}>
          <Facts
            items={attributes.map(([name, value]) => [
              mono(name),
              mono(typeof value === "string" ? value : JSON.stringify(value)),
            ])}
          />
        </SidePanelSection>
      )}
      <SidePanelSection title={<RawSpan span={span} />}>{null}</SidePanelSection>
    </>
  );
}

function RawSpan({ span }: { span: Span }) {
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

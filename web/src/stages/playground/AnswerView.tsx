import { ActionIcon, Alert, Anchor, Group, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  Activity,
  CircleAlert,
  DatabaseZap,
  Diff as DiffIcon,
  type LucideIcon,
  PencilLine,
  RotateCcw,
} from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import type { ChatMessage } from "@/components/Chat";
import { CopyIcon, formatJson } from "@/components/Code";
import { Diff } from "@/components/span/Diff";
import { CorrectionEditor, ThumbButtons } from "@/components/span/FeedbackControls";
import { spanQuery } from "@/components/span/queries";
import { SaveAsExample } from "@/components/span/SaveAsExample";
import c from "./Playground.module.css";
import type { Answer } from "./stream";

type Props = {
  answer: Answer;
  /** Returns the messages before the answer, stored with it as an example. */
  messages: () => ChatMessage[];
  tools?: unknown;
  /** Original answer of the replayed span. */
  original?: string;
  onRetry: () => void;
};

/** Show an answer while it streams, then its metrics and actions. */
export function AnswerView({ answer, messages, tools, original, onRetry }: Props) {
  const t = useMessages().playground;
  const [open, setOpen] = useState<"correct" | "difference" | null>(null);
  const [isSaving, setIsSaving] = useState(false);
  const isRunning = answer.state === "running";
  const hasContent = answer.text || answer.tools.length > 0;
  const toggle = (panel: "correct" | "difference") => setOpen(open === panel ? null : panel);
  return (
    <article className={c.answer} aria-busy={isRunning}>
      {answer.state === "failed" ? (
        <Alert color="red" icon={<CircleAlert size={16} aria-hidden />} title={t.failed} role="alert" p="xs">
          {answer.error?.title}
          {answer.error?.hint && <div>{answer.error.hint}</div>}
        </Alert>
      ) : null}
      {hasContent ? (
        <div className={c.text}>
          {isRunning ? answer.text : formatJson(answer.text)}
          {isRunning && <span className={c.caret} aria-hidden />}
        </div>
      ) : (
        <div className={c.placeholder}>
          {isRunning ? t.writing : answer.state === "stopped" ? t.stopped : answer.state === "done" ? t.empty : null}
        </div>
      )}
      {answer.tools.length > 0 && (
        <pre className={c.tools} role="group" aria-label={t.tools}>
          {formatJson(answer.tools)}
        </pre>
      )}
      <AnswerMetrics answer={answer} />
      {!isRunning && (
        <Group gap={4} className={c.actions}>
          {answer.span && answer.state !== "failed" && <ThumbButtons span={answer.span} />}
          {answer.span && hasContent && (
            <ActionButton
              icon={PencilLine}
              label={t.correct}
              active={open === "correct"}
              onClick={() => toggle("correct")}
            />
          )}
          {hasContent && <ActionButton icon={DatabaseZap} label={t.save} onClick={() => setIsSaving(true)} />}
          {original !== undefined && hasContent && (
            <ActionButton
              icon={DiffIcon}
              label={t.difference}
              active={open === "difference"}
              onClick={() => toggle("difference")}
            />
          )}
          <ActionButton icon={RotateCcw} label={t.regenerate} onClick={onRetry} />
          {hasContent && <CopyIcon text={answer.text} />}
          {answer.span && (
            <Anchor component={Link} to="/traces" search={{ span: answer.span } as never} size="xs" className={c.trace}>
              <Activity size={13} aria-hidden /> {t.span}
            </Anchor>
          )}
        </Group>
      )}
      {open === "correct" && answer.span && (
        <div className={c.below}>
          <CorrectionEditor span={answer.span} answer={answer.text} onClose={() => setOpen(null)} />
        </div>
      )}
      {open === "difference" && original !== undefined && (
        <div className={c.below}>
          <Diff before={original} after={answer.text} />
        </div>
      )}
      {isSaving && (
        <SaveAsExample
          messages={messages()}
          answer={answer.text}
          span={answer.span}
          tools={tools}
          onClose={() => setIsSaving(false)}
        />
      )}
    </article>
  );
}

type ActionButtonProps = { icon: LucideIcon; label: string; active?: boolean; onClick: () => void };

function ActionButton({ icon: Icon, label, active, onClick }: ActionButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        size="sm"
        variant={active ? "light" : "subtle"}
        color={active ? undefined : "gray"}
        aria-label={label}
        aria-expanded={active}
        onClick={onClick}
      >
        <Icon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Minimum streaming time in milliseconds from which a token rate is shown. */
const MIN_MEASURABLE_MS = 50;

/** Show tokens, times and cost. The cost comes from the recorded span, because only the server knows the prices. */
function AnswerMetrics({ answer }: { answer: Answer }) {
  const t = useMessages().playground.metrics;
  const texts = useMessages().playground;
  const f = useFormats();
  const isComplete = answer.state === "done" || answer.state === "stopped";
  const span = useQuery({ ...spanQuery(answer.span ?? ""), enabled: Boolean(isComplete && answer.span) });
  const input = answer.input ?? span.data?.usage?.input_tokens;
  const output = answer.output ?? span.data?.usage?.output_tokens;
  const streamingMs = (answer.total ?? 0) - (answer.first ?? 0);
  const rate = output && output > 1 && streamingMs > MIN_MEASURABLE_MS ? ((output - 1) / streamingMs) * 1000 : null;
  const items: [string, string][] = [
    [t.firstToken, f.duration(answer.first)],
    [t.total, f.duration(answer.total)],
    [t.tokens, `${f.number(input)} / ${f.number(output)}`],
    [t.speed, rate ? t.perSecond(f.number(rate, 1)) : f.number(null)],
    [t.cost, f.money(span.data?.usage?.cost)],
  ];
  const note =
    answer.finish === "length" ? texts.cut : answer.state === "stopped" && answer.text ? texts.stopped : null;
  return (
    <div className={c.metrics}>
      <dl className="num">
        {items.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {note && <span className={c.note}>{note}</span>}
    </div>
  );
}

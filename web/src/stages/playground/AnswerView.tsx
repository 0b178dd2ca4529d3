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
import { CopyIcon, pretty } from "@/components/Code";
import { Diff } from "@/components/span/Diff";
import { Correction, Thumbs } from "@/components/span/Judge";
import { KeepExample } from "@/components/span/KeepExample";
import { spanQuery } from "@/components/span/queries";
import c from "./Playground.module.css";
import type { Answer } from "./stream";

type Props = {
  answer: Answer;
  /** What it answers: kept with it as an example. */
  messages: () => ChatMessage[];
  tools?: unknown;
  /** The answer of the span that is replayed. */
  original?: string;
  onAgain: () => void;
};

/** An answer as it comes, then its figures and what can be done with it. */
export function AnswerView({ answer, messages, tools, original, onAgain }: Props) {
  const t = useMessages().playground;
  const [open, setOpen] = useState<"correct" | "difference" | null>(null);
  const [keeping, keep] = useState(false);
  const running = answer.state === "running";
  const said = answer.text || answer.tools.length > 0;
  const toggle = (what: "correct" | "difference") => setOpen(open === what ? null : what);
  return (
    <article className={c.answer} aria-busy={running}>
      {answer.state === "failed" ? (
        <Alert color="red" icon={<CircleAlert size={16} aria-hidden />} title={t.failed} role="alert" p="xs">
          {answer.error?.title}
          {answer.error?.hint && <div>{answer.error.hint}</div>}
        </Alert>
      ) : null}
      {said ? (
        <div className={c.text}>
          {running ? answer.text : pretty(answer.text)}
          {running && <span className={c.caret} aria-hidden />}
        </div>
      ) : (
        <div className={c.quiet}>
          {running ? t.writing : answer.state === "stopped" ? t.stopped : answer.state === "done" ? t.empty : null}
        </div>
      )}
      {answer.tools.length > 0 && (
        <pre className={c.tools} role="group" aria-label={t.tools}>
          {pretty(answer.tools)}
        </pre>
      )}
      <Figures answer={answer} />
      {!running && (
        <Group gap={4} className={c.deeds}>
          {answer.span && answer.state !== "failed" && <Thumbs span={answer.span} />}
          {answer.span && said && (
            <Deed icon={PencilLine} label={t.correct} on={open === "correct"} onClick={() => toggle("correct")} />
          )}
          {said && <Deed icon={DatabaseZap} label={t.save} onClick={() => keep(true)} />}
          {original !== undefined && said && (
            <Deed
              icon={DiffIcon}
              label={t.difference}
              on={open === "difference"}
              onClick={() => toggle("difference")}
            />
          )}
          <Deed icon={RotateCcw} label={t.again} onClick={onAgain} />
          {said && <CopyIcon text={answer.text} />}
          {answer.span && (
            <Anchor component={Link} to="/traces" search={{ span: answer.span } as never} size="xs" className={c.trace}>
              <Activity size={13} aria-hidden /> {t.span}
            </Anchor>
          )}
        </Group>
      )}
      {open === "correct" && answer.span && (
        <div className={c.below}>
          <Correction span={answer.span} answer={answer.text} onClose={() => setOpen(null)} />
        </div>
      )}
      {open === "difference" && original !== undefined && (
        <div className={c.below}>
          <Diff before={original} after={answer.text} />
        </div>
      )}
      {keeping && (
        <KeepExample
          messages={messages()}
          answer={answer.text}
          span={answer.span}
          tools={tools}
          onClose={() => keep(false)}
        />
      )}
    </article>
  );
}

type DeedProps = { icon: LucideIcon; label: string; on?: boolean; onClick: () => void };

function Deed({ icon: Icon, label, on, onClick }: DeedProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        size="sm"
        variant={on ? "light" : "subtle"}
        color={on ? undefined : "gray"}
        aria-label={label}
        aria-expanded={on}
        onClick={onClick}
      >
        <Icon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Milliseconds below which an answer came at once: no speed can be told from it. */
const MEASURABLE = 50;

/** Tokens, times and cost. The cost is the recorded span's: only the server knows the prices. */
function Figures({ answer }: { answer: Answer }) {
  const t = useMessages().playground.figures;
  const words = useMessages().playground;
  const f = useFormats();
  const over = answer.state === "done" || answer.state === "stopped";
  const span = useQuery({ ...spanQuery(answer.span ?? "", true), enabled: Boolean(over && answer.span) });
  const input = answer.input ?? span.data?.usage?.input_tokens;
  const output = answer.output ?? span.data?.usage?.output_tokens;
  const spent = (answer.total ?? 0) - (answer.first ?? 0);
  const rate = output && output > 1 && spent > MEASURABLE ? ((output - 1) / spent) * 1000 : null;
  const items: [string, string][] = [
    [t.first, f.duration(answer.first)],
    [t.total, f.duration(answer.total)],
    [t.tokens, `${f.number(input)} / ${f.number(output)}`],
    [t.speed, rate ? t.perSecond(f.number(rate, 1)) : f.number(null)],
    [t.cost, f.money(span.data?.usage?.cost)],
  ];
  const note =
    answer.finish === "length" ? words.cut : answer.state === "stopped" && answer.text ? words.stopped : null;
  return (
    <div className={c.figures}>
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

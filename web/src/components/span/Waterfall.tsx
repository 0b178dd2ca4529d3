import { UnstyledButton } from "@mantine/core";
import {
  Binary,
  ChevronDown,
  ChevronRight,
  Circle,
  Cog,
  Link2,
  ListOrdered,
  MessageSquare,
  RotateCw,
  Search,
  Wrench,
} from "lucide-react";
import { useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./Waterfall.module.css";
import { type Bar, layoutBars, ticks } from "./waterfall";

const ICONS = {
  chat: MessageSquare,
  embeddings: Binary,
  rerank: ListOrdered,
  retrieval: Search,
  tool: Wrench,
  pipeline: Link2,
  job: Cog,
  attempt: RotateCw,
};
const COLORS: Record<string, string> = {
  chat: "--kind-llm",
  embeddings: "--kind-llm",
  rerank: "--kind-llm",
  retrieval: "--kind-retriever",
  tool: "--kind-tool",
  pipeline: "--kind-chain",
};
/** Return the colour of a span kind. */
export const kindColor = (kind: string) => `var(${COLORS[kind] ?? "--kind-chain"})`;

/** Show the icon of a span kind. */
export function KindIcon({ kind, size = 14 }: { kind: string; size?: number }) {
  const Icon = ICONS[kind as keyof typeof ICONS] ?? Circle;
  return <Icon size={size} style={{ color: kindColor(kind), flex: "none" }} aria-hidden />;
}

/** Rows beyond this number are shown on request. */
const MAX_INITIAL_ROWS = 200;

/** Show a trace as a tree with a bar for each span. */
export function Waterfall({
  trace,
  selected,
  onSelect,
}: {
  trace: Schema["Trace"];
  selected: string;
  onSelect: (id: string) => void;
}) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [showAll, setShowAll] = useState(false);
  const bars = useMemo(() => layoutBars(trace, folded), [trace, folded]);
  // Below one second, all ticks need the same unit and digits. Otherwise two of them could look equal.
  const formatTime = (time: number) =>
    trace.duration_ms < 1000 ? `${f.number(time, trace.duration_ms < 10 ? 1 : 0)} ms` : f.duration(time);
  const toggle = (id: string) => {
    const next = new Set(folded);
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  return (
    <div>
      <div className={c.axis} aria-hidden>
        <span />
        <span className={c.ticks}>
          {ticks(trace.duration_ms).map((time) => (
            <span key={time} className="num">
              {formatTime(time)}
            </span>
          ))}
        </span>
        <span />
      </div>
      <ul className={c.rows} aria-label={t.timeline}>
        {(showAll ? bars : bars.slice(0, MAX_INITIAL_ROWS)).map((bar) => (
          <WaterfallRow
            key={bar.span.id}
            bar={bar}
            selected={bar.span.id === selected}
            folded={folded.has(bar.span.id)}
            onSelect={() => onSelect(bar.span.id)}
            onFold={() => toggle(bar.span.id)}
          />
        ))}
      </ul>
      {!showAll && bars.length > MAX_INITIAL_ROWS && (
        <UnstyledButton className={c.more} onClick={() => setShowAll(true)}>
          {t.showAll(f.number(bars.length))}
        </UnstyledButton>
      )}
    </div>
  );
}

type RowProps = { bar: Bar; selected: boolean; folded: boolean; onSelect: () => void; onFold: () => void };

function WaterfallRow({ bar, selected, folded, onSelect, onFold }: RowProps) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const { span, depth, left, width } = bar;
  const isError = span.status === "error";
  return (
    <li className={c.row} data-selected={selected || undefined}>
      <span className={c.name} style={{ paddingLeft: Math.min(depth, 12) * 14 }}>
        {bar.children > 0 ? (
          <UnstyledButton
            className={c.fold}
            onClick={onFold}
            aria-expanded={!folded}
            aria-label={folded ? t.unfold(span.name) : t.fold(span.name)}
          >
            {folded ? <ChevronRight size={13} aria-hidden /> : <ChevronDown size={13} aria-hidden />}
          </UnstyledButton>
        ) : (
          <span className={c.fold} />
        )}
        <UnstyledButton className={c.open} onClick={onSelect} aria-current={selected || undefined} title={span.name}>
          <KindIcon kind={span.kind} />
          <span className={c.text}>
            {span.name}
            {span.kind === "attempt" && ` · ${span.model}`}
          </span>
          {isError && <span className={c.bad}>{t.error}</span>}
        </UnstyledButton>
      </span>
      <span className={c.track} onClick={onSelect} aria-hidden>
        <span
          className={c.bar}
          style={{
            left: `${left * 100}%`,
            width: `${width * 100}%`,
            background: isError ? "var(--series-5)" : kindColor(span.kind),
          }}
        />
      </span>
      <span className={`${c.time} num`} title={t.after(f.duration(bar.offset))}>
        {f.duration(span.duration_ms)}
      </span>
    </li>
  );
}

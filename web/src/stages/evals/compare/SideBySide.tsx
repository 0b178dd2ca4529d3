import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { formatJson } from "@/components/Code";
import { scoreDecimals } from "@/components/comparison/scores";
import { type DiffPart, diffTexts } from "@/components/span/diff";
import c from "../evals.module.css";

/** Return the parts of a diff that belong to one side. Texts that have nothing in common are not marked. */
export function sideParts(parts: DiffPart[], side: "a" | "b"): DiffPart[] {
  const other = side === "a" ? "added" : "removed";
  const own = parts.filter((part) => part.kind !== other);
  return parts.some((part) => part.kind === "equal") ? own : own.map(({ text }) => ({ kind: "equal", text }));
}

function Output({ parts }: { parts: DiffPart[] }) {
  return (
    <pre className={c.text} tabIndex={0}>
      {parts.map((part, index) => {
        const Tag = part.kind === "removed" ? "del" : part.kind === "added" ? "ins" : "span";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces are identified by their order only
          <Tag key={index}>{part.text}</Tag>
        );
      })}
    </pre>
  );
}

/** Show one example of both evaluations: the input, the expected text, and both outputs with their differences marked. */
export function SideBySide({ change, metric }: { change: Schema["EvalChange"]; metric: string }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const parts = useMemo(() => diffTexts(formatJson(change.a), formatJson(change.b)), [change.a, change.b]);
  const a = change.a_scores[metric];
  const b = change.b_scores[metric];
  const score = (value: number | undefined) => f.fixed(value, scoreDecimals(metric));
  const columns: [string, DiffPart[], string][] = [
    [t.expected, [{ kind: "equal", text: formatJson(change.reference) }], ""],
    [t.a, sideParts(parts, "a"), score(a)],
    [t.b, sideParts(parts, "b"), score(b)],
  ];
  return (
    <article className={c.change}>
      <div className={c.changeHead}>
        <span className="num">{f.number(change.position + 1)}</span>
        <div className={c.prompt}>{change.prompt}</div>
      </div>
      <div className={c.pair}>
        {columns.map(([label, own, value]) => (
          <div key={label}>
            <div className={c.label}>
              <span>{label}</span>
              <span className="num">{value}</span>
            </div>
            <Output parts={own} />
          </div>
        ))}
      </div>
    </article>
  );
}

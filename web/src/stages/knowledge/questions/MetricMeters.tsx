import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import { maxScore, scoreDecimals, sortScores } from "@/components/comparison/scores";
import c from "./questions.module.css";

/** Show metrics with their 95 % intervals, scores as bars. */
export function MetricMeters({ metrics }: { metrics: Schema["KnowledgeEvaluation"]["metrics"] }) {
  const t = useMessages().knowledgeQuestions;
  const f = useFormats();
  return (
    <dl className={c.metrics}>
      {sortScores(Object.keys(metrics)).map((name) => {
        const { value, low, high, n } = metrics[name] as Schema["RetrievalMetric"];
        const digits = scoreDecimals(name);
        const format = (one: number) => (name.includes("_ms") ? f.duration(one) : f.fixed(one, digits));
        const interval = `${format(low)} – ${format(high)}`;
        return (
          <div key={name}>
            <dt>
              <span>{name}</span>
              <strong className="num">{format(value)}</strong>
            </dt>
            <dd>
              {maxScore(name) !== undefined && (
                <Meter value={value} low={low} high={high} label={`${name} ${format(value)}, ${interval}`} />
              )}
              <span className={`${c.interval} num`}>
                {t.interval} {interval} · n = {f.number(n)}
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

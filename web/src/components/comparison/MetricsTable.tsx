import { Group, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Formats, UNKNOWN, useFormats } from "@/app/i18n/format";
import { Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import c from "./comparison.module.css";
import { axisPosition, maxScore, scoreDecimals, sortScores, verdict } from "./scores";

type Metric = Schema["MetricComparison"];
const VERDICT_STATES = { better: "ok", worse: "error", unclear: "queued" };

function Interval({ metric, reach, label }: { metric: Metric; reach: number; label: string }) {
  const toPercent = (value: number) => `${axisPosition(value, reach) * 100}%`;
  return (
    <span className={c.axis} data-verdict={verdict(metric)} role="img" aria-label={label}>
      <span
        className={c.span}
        style={{ left: toPercent(metric.low), width: `calc(${toPercent(metric.high)} - ${toPercent(metric.low)})` }}
      />
      <span className={c.point} style={{ left: toPercent(metric.difference) }} />
    </span>
  );
}

/** Return a p-value as text. Values below 0.0001 are shown as a bound. */
export function formatPValue(p: number | null | undefined, f: Formats): string {
  if (p === null || p === undefined) return UNKNOWN;
  return p < 0.0001 ? `< ${f.number(0.0001, 4)}` : f.number(p, 4);
}

/** Return a difference of a metric with its sign. */
export const formatSigned = (value: number, metric: string, f: Formats) =>
  `${value > 0 ? "+" : ""}${f.fixed(value, scoreDecimals(metric))}`;

function MetricRow({ name, metric, maxBound }: { name: string; metric: Metric; maxBound: number }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const maximum = maxScore(name);
  const own = Math.max(Math.abs(metric.low), Math.abs(metric.high));
  const reach = (maximum === undefined ? own : maxBound * maximum) * 1.1;
  const interval = `${formatSigned(metric.low, name, f)} … ${formatSigned(metric.high, name, f)}`;
  const verdictLabels = { better: t.better, worse: t.worse, unclear: t.unclear };
  return (
    <tr>
      <td>{name}</td>
      <td className={`${c.right} num`}>{f.fixed(metric.a, scoreDecimals(name))}</td>
      <td className={`${c.right} num`}>{f.fixed(metric.b, scoreDecimals(name))}</td>
      <td className={`${c.right} num`}>
        <strong>{formatSigned(metric.difference, name, f)}</strong>
      </td>
      <td className="num">
        <Group gap="sm" wrap="nowrap">
          <Interval metric={metric} reach={reach} label={interval} />
          <Text size="xs" c="dimmed">
            {interval}
          </Text>
        </Group>
      </td>
      <td className={`${c.right} num`}>
        {f.number(metric.wins)} · {f.number(metric.losses)} · {f.number(metric.ties)}
      </td>
      <td className={`${c.right} num`} title={t.tests[metric.test ?? "permutation"]}>
        {formatPValue(metric.adjusted_p, f)}
      </td>
      <td className={`${c.right} num`} title={metric.effect_measure ?? undefined}>
        {f.fixed(metric.effect_size, 2)}
      </td>
      <td>
        <Status state={VERDICT_STATES[verdict(metric)]} label={verdictLabels[verdict(metric)]} />
      </td>
    </tr>
  );
}

/** Show the metrics of both evaluations with intervals of the differences, tests and effect sizes. */
export function MetricsTable({ comparison }: { comparison: Pick<Schema["EvalComparison"], "metrics" | "confidence"> }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const names = sortScores(Object.keys(comparison.metrics));
  const bounds = names.map((name) => {
    const { low, high } = comparison.metrics[name] as Metric;
    return Math.max(Math.abs(low), Math.abs(high)) / (maxScore(name) ?? Number.POSITIVE_INFINITY);
  });
  const numeric = [t.a, t.b, t.difference];
  return (
    <Panel title={t.metrics} flush>
      <section className={c.scroll} tabIndex={0} aria-label={t.metrics}>
        <table className={c.table}>
          <thead>
            <tr>
              <th scope="col">{t.metric}</th>
              {numeric.map((title) => (
                <th key={title} scope="col" className={c.right}>
                  {title}
                </th>
              ))}
              <th scope="col">{t.interval(f.percent(comparison.confidence, 0))}</th>
              {[t.wins, t.p, t.effect].map((title) => (
                <th key={title} scope="col" className={c.right}>
                  {title}
                </th>
              ))}
              <th scope="col">{t.verdict}</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <MetricRow
                key={name}
                name={name}
                metric={comparison.metrics[name] as Metric}
                maxBound={Math.max(0.01, ...bounds)}
              />
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

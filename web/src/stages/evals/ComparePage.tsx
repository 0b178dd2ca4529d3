import { Alert, Button, Group, SegmentedControl, Select, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Formats, UNKNOWN, useFormats } from "@/app/i18n/format";
import { formatJson } from "@/components/Code";
import { LocationLink } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Status } from "@/components/Status";
import c from "./evals.module.css";
import { comparisonQuery, runsQuery } from "./queries";
import { axisPosition, changeDirection, maxScore, scoreDecimals, sortScores, verdict } from "./scores";
import { CHANGE_FILTERS } from "./search";

const page = getRouteApi("/evals/compare");
const MAX_CHANGES = 100;

function Interval({
  comparison,
  reach,
  label,
}: {
  comparison: Schema["MetricComparison"];
  reach: number;
  label: string;
}) {
  const toPercent = (value: number) => `${axisPosition(value, reach) * 100}%`;
  return (
    <span className={c.axis} data-verdict={verdict(comparison)} role="img" aria-label={label}>
      <span
        className={c.span}
        style={{
          left: toPercent(comparison.low),
          width: `calc(${toPercent(comparison.high)} - ${toPercent(comparison.low)})`,
        }}
      />
      <span className={c.point} style={{ left: toPercent(comparison.difference) }} />
    </span>
  );
}

/** Return a p-value as text. Values below 0.0001 are shown as a bound. */
function formatPValue(p: number | null | undefined, f: Formats): string {
  if (p === null || p === undefined) return UNKNOWN;
  return p < 0.0001 ? `< ${f.number(0.0001, 4)}` : f.number(p, 4);
}

function Metrics({ comparison }: { comparison: Schema["EvalComparison"] }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const verdictLabels = { better: t.better, worse: t.worse, unclear: t.unclear };
  const verdictStates = { better: "ok", worse: "error", unclear: "queued" };
  const maxBound = Math.max(
    0.01,
    ...Object.entries(comparison.metrics).map(
      ([name, metric]) => Math.max(Math.abs(metric.low), Math.abs(metric.high)) / maxScore(name),
    ),
  );
  const formatSigned = (value: number, name: string) => `${value > 0 ? "+" : ""}${f.fixed(value, scoreDecimals(name))}`;
  return (
    <Panel title={t.title} flush>
      <section className={c.scroll} tabIndex={0} aria-label={t.title}>
        <table className={c.table}>
          <thead>
            <tr>
              <th scope="col">{t.metric}</th>
              <th scope="col" className={c.right}>
                {t.a}
              </th>
              <th scope="col" className={c.right}>
                {t.b}
              </th>
              <th scope="col" className={c.right}>
                {t.difference}
              </th>
              <th scope="col">{t.interval(f.percent(comparison.confidence, 0))}</th>
              <th scope="col" className={c.right}>
                {t.wins}
              </th>
              <th scope="col" className={c.right}>
                {t.p}
              </th>
              <th scope="col" className={c.right}>
                {t.effect}
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {sortScores(Object.keys(comparison.metrics)).map((name) => {
              const metric = comparison.metrics[name] as Schema["MetricComparison"];
              const reach = maxBound * maxScore(name) * 1.1;
              const interval = `${formatSigned(metric.low, name)} … ${formatSigned(metric.high, name)}`;
              return (
                <tr key={name}>
                  <td>{name}</td>
                  <td className={`${c.right} num`}>{f.fixed(metric.a, scoreDecimals(name))}</td>
                  <td className={`${c.right} num`}>{f.fixed(metric.b, scoreDecimals(name))}</td>
                  <td className={`${c.right} num`}>
                    <strong>{formatSigned(metric.difference, name)}</strong>
                  </td>
                  <td className="num">
                    <Group gap="sm" wrap="nowrap">
                      <Interval comparison={metric} reach={reach} label={interval} />
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
                    <Status state={verdictStates[verdict(metric)]} label={verdictLabels[verdict(metric)]} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function Changes({ comparison }: { comparison: Schema["EvalComparison"] }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const navigate = useNavigate({ from: "/evals/compare" });
  const { change: changeFilter = "all", by } = page.useSearch();
  const names = sortScores(Object.keys(comparison.metrics));
  const metric = by && names.includes(by) ? by : (names[0] ?? "");
  const direction = { all: undefined, regressions: -1, improvements: 1 }[changeFilter];
  const matching = comparison.changes.filter(
    (change) => direction === undefined || changeDirection(change, metric) === direction,
  );
  const visible = matching.slice(0, MAX_CHANGES);
  const formatScore = (scores: Record<string, number> | undefined) => f.fixed(scores?.[metric], scoreDecimals(metric));
  return (
    <Panel
      title={t.changes}
      flush
      actions={
        <Group gap="xs">
          <Select
            size="xs"
            w={170}
            aria-label={t.by}
            allowDeselect={false}
            data={names}
            value={metric}
            onChange={(value) =>
              navigate({ search: (previous) => ({ ...previous, by: value ?? undefined }), replace: true })
            }
          />
          <SegmentedControl
            size="xs"
            aria-label={t.changes}
            value={changeFilter}
            data={CHANGE_FILTERS.map((value) => ({ value, label: t[value] }))}
            onChange={(value) =>
              navigate({ search: (previous) => ({ ...previous, change: value as typeof changeFilter }), replace: true })
            }
          />
        </Group>
      }
    >
      <Text size="xs" c="dimmed" px="md" pb="xs" className="num">
        {matching.length ? t.shown(f.number(visible.length), f.number(comparison.changed)) : t.none}
      </Text>
      {visible.map((change) => (
        <article key={change.position} className={c.change}>
          <div className={c.prompt}>{change.prompt}</div>
          <div className={c.pair}>
            {(
              [
                [t.expected, change.reference, ""],
                [t.a, change.a, formatScore(change.a_scores)],
                [t.b, change.b, formatScore(change.b_scores)],
              ] as const
            ).map(([label, text, value]) => (
              <div key={label}>
                <div className={c.label}>
                  <span>{label}</span>
                  <span className="num">{value}</span>
                </div>
                <pre className={c.text} tabIndex={0}>
                  {formatJson(text)}
                </pre>
              </div>
            ))}
          </div>
        </article>
      ))}
    </Panel>
  );
}

function Comparison({ a, b }: { a: string; b: string }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const query = useQuery(comparisonQuery(a, b));
  return (
    <QueryBoundary query={query} lines={10}>
      {(comparison) => (
        <>
          <Text size="sm">
            <LocationLink to={`/evals/${a}`}>{`${t.a}: ${comparison.a.name}`}</LocationLink>
            {"  ·  "}
            <LocationLink to={`/evals/${b}`}>{`${t.b}: ${comparison.b.name}`}</LocationLink>
          </Text>
          <Text size="sm" c="dimmed">
            {t.lead(f.number(comparison.n))}
          </Text>
          {comparison.left_out > 0 && <Alert color="yellow">{t.skippedExamples(f.number(comparison.left_out))}</Alert>}
          <Metrics comparison={comparison} />
          <Changes comparison={comparison} />
        </>
      )}
    </QueryBoundary>
  );
}

/** Show the comparison of two evaluations on the same examples: differences, significance and changed answers. */
export default function ComparePage() {
  const { evals: t, app } = useMessages();
  const { a, b } = page.useSearch();
  const navigate = useNavigate({ from: "/evals/compare" });
  const runs = useInfiniteQuery(runsQuery()).data?.pages.flat() ?? [];
  const data = runs.map((run) => ({ value: run.id, label: run.name }));
  const runSelect = (name: "a" | "b") => (
    <Select
      size="sm"
      w={240}
      searchable
      aria-label={t.cmp[name]}
      placeholder={t.cmp[name]}
      data={data}
      value={{ a, b }[name] ?? null}
      onChange={(value) =>
        navigate({ search: (previous) => ({ ...previous, [name]: value ?? undefined }), replace: true })
      }
    />
  );
  return (
    <>
      <PageHeader
        title={t.cmp.title}
        breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={
          <>
            {runSelect("a")}
            <Button
              size="sm"
              variant="default"
              leftSection={<ArrowLeftRight size={14} aria-hidden />}
              onClick={() => navigate({ search: (previous) => ({ ...previous, a: b, b: a }), replace: true })}
            >
              {t.cmp.swap}
            </Button>
            {runSelect("b")}
          </>
        }
      />
      <PageBody>{a && b ? <Comparison a={a} b={b} /> : <Alert>{t.cmp.pick}</Alert>}</PageBody>
    </>
  );
}

import { Anchor, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { formatPValue } from "@/components/comparison/MetricsTable";
import { scoreDecimals } from "@/components/comparison/scores";
import { LocationLink } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RunningJob } from "@/components/RunningJob";
import { Status } from "@/components/Status";
import c from "../evals.module.css";
import { type SuiteRun, suiteRunQuery } from "./queries";
import { Outcome } from "./SuitePage";
import { describeThreshold } from "./thresholds";

const page = getRouteApi("/evals/suite-runs/$id");

const WORST_SHOWN = 8;

type TableProps = { title: string; hint?: string; head: string[]; rows: ReactNode[][]; shown?: number };

function Table({ title, hint, head, rows, shown }: TableProps) {
  const { suites: t } = useMessages();
  const f = useFormats();
  const [showAll, setShowAll] = useState(false);
  const visible = showAll || shown === undefined ? rows : rows.slice(0, shown);
  return (
    <Panel title={title} flush>
      {(hint || !rows.length) && (
        <Text size="xs" c="dimmed" px="md" pb="xs">
          {rows.length ? hint : t.none}
        </Text>
      )}
      {rows.length > 0 && (
        <section className={c.scroll} tabIndex={0} aria-label={title}>
          <table className={c.table}>
            <thead>
              <tr>
                {head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {visible.map((row, number) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows keep their order
                <tr key={number}>
                  {row.map((cell, column) => (
                    <td key={head[column]} className={column ? "num" : undefined}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {visible.length < rows.length && (
        <Anchor component="button" type="button" size="xs" className={c.more} onClick={() => setShowAll(true)}>
          {t.showAll(f.number(rows.length))}
        </Anchor>
      )}
    </Panel>
  );
}

function Report({ run }: { run: SuiteRun }) {
  const { suites: t } = useMessages();
  const f = useFormats();
  const score = (value: number | null | undefined, metric: string) => f.fixed(value, scoreDecimals(metric));
  const interval = (one: { low?: number | null; high?: number | null; scorer: string }) =>
    `${score(one.low, one.scorer)} … ${score(one.high, one.scorer)}`;
  return (
    <>
      <Table
        title={t.checks}
        head={[t.check, t.result, t.value, t.interval, t.examples, t.reason]}
        rows={(run.checks ?? []).map((check) => [
          describeThreshold(check),
          <Status key="result" state={check.passed ? "ok" : "error"} label={check.passed ? t.passed : t.failed} />,
          score(check.value, check.scorer),
          check.value === null ? "" : interval(check),
          f.number(check.n),
          check.reason,
        ])}
      />
      <Table
        title={t.metrics}
        head={[t.metric, t.value, t.interval, t.within, t.between, t.examples]}
        rows={(run.metrics ?? []).map((metric) => [
          run.metrics?.some((one) => one.entry > 0) ? `${metric.entry + 1} · ${metric.scorer}` : metric.scorer,
          <strong key="value">{score(metric.value, metric.scorer)}</strong>,
          interval(metric),
          score(metric.within_error, metric.scorer),
          score(metric.between_deviation, metric.scorer),
          f.number(metric.n),
        ])}
      />
      <Table
        title={t.worst}
        shown={WORST_SHOWN}
        hint={t.worstHint}
        head={[t.slice, t.metric, t.value, t.others, "p", t.examples]}
        rows={(run.slices ?? []).map((one) => [
          one.slice,
          one.scorer,
          score(one.value, one.scorer),
          score(one.rest, one.scorer),
          formatPValue(one.adjusted_p, f),
          f.number(one.n),
        ])}
      />
      <Panel title={t.evaluations}>
        {(run.runs ?? []).map((id, number) => (
          <Text key={id} size="sm" className="num">
            {f.number(number + 1)}
            {" · "}
            <LocationLink to={`/evals/${id}`} mono>
              {id}
            </LocationLink>
          </Text>
        ))}
      </Panel>
    </>
  );
}

/** Show a suite run: checks, metrics with intervals, and the worst slices. */
export default function SuiteRunPage() {
  const { suites: t } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const { id } = page.useParams();
  const query = useQuery(suiteRunQuery(id));
  return (
    <QueryBoundary query={query} lines={10}>
      {(run) => (
        <>
          <PageHeader
            title={`${run.suite} · ${run.subject}`}
            badge={<Outcome run={run} />}
            subtitle={run.label}
            breadcrumbs={[
              { label: t.title, to: "/evals/suites" },
              { label: run.suite_name, to: `/evals/suites/${run.suite_name}` },
            ]}
          />
          <PageBody>
            {(run.status === "running" || run.status === "queued") && (
              <RunningJob
                kind="evals.suite"
                title={t.run}
                matches={(job) => job.id === run.id}
                onEnd={() => client.invalidateQueries({ queryKey: ["evals"] })}
              />
            )}
            <Stats
              items={[
                { label: t.answers, value: `${f.number(run.done)} / ${f.number(run.examples)}` },
                { label: t.failedAnswers, value: f.number(run.failed) },
                { label: t.truncated, value: f.number(run.truncated) },
                { label: t.price, value: f.money(run.cost) },
              ]}
            />
            <Report run={run} />
          </PageBody>
        </>
      )}
    </QueryBoundary>
  );
}

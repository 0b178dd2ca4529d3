import { Alert, Group, Text } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LineChart, seriesColor } from "@/components/charts/Line";
import { LocationLink } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { alignMetrics, fromCurves, type MetricsByStep } from "./curves";
import { comparisonQuery, curvesQuery } from "./queries";
import c from "./training.module.css";

const page = getRouteApi("/training/compare");

function ComparisonTable({
  title,
  runs,
  rows,
  winners,
}: {
  title: string;
  runs: Schema["TrainingRun"][];
  rows: [string, unknown[]][];
  winners?: Record<string, number>;
}) {
  const t = useMessages().training.cmp;
  const f = useFormats();
  const formatValue = (value: unknown) =>
    typeof value === "number" ? f.number(value, 4) : value === null ? "–" : String(value);
  return (
    <Panel title={title} flush>
      <section className={c.scroll} tabIndex={0} aria-label={title}>
        <table className={c.table}>
          <thead>
            <tr>
              <td />
              {runs.map((run, index) => (
                <th key={run.id} scope="col">
                  <span className={c.swatch} style={{ background: `var(${seriesColor(index)})` }} aria-hidden />{" "}
                  {run.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, values]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {values.map((value, index) => (
                  <td key={runs[index]?.id} className="num">
                    {formatValue(value)}
                    {winners?.[name] === index && runs.length > 1 && <span className={c.best}>{t.best}</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

/** Show the same metric of every run in one chart. */
function OverlayChart({
  title,
  name,
  runs,
  curves,
}: {
  title: string;
  name: string;
  runs: Schema["TrainingRun"][];
  curves: MetricsByStep[];
}) {
  const metricByRun: MetricsByStep = new Map(runs.map((run, index) => [run.id, curves[index]?.get(name) ?? new Map()]));
  const { x, values } = alignMetrics(
    metricByRun,
    runs.map((run) => run.id),
  );
  return (
    <Panel title={title}>
      <LineChart
        label={title}
        x={x}
        integer
        height={260}
        series={runs.map((run, index) => ({ label: `${run.name} ${run.id.slice(-4)}`, values: values[index] ?? [] }))}
      />
    </Panel>
  );
}

function Comparison({ comparison }: { comparison: Schema["RunComparison"] }) {
  const t = useMessages().training.cmp;
  const curves = useQueries({ queries: comparison.runs.map((run) => curvesQuery(run.id)) }).map((curveQuery) =>
    fromCurves(curveQuery.data ?? []),
  );
  const runs = [...comparison.runs];
  const settings = Object.entries(comparison.settings);
  return (
    <>
      <Group gap="lg">
        {runs.map((run) => (
          <Text size="sm" key={run.id}>
            <LocationLink to={`/training/runs/${run.id}`}>{`${run.name} ${run.id.slice(-4)}`}</LocationLink>
          </Text>
        ))}
      </Group>
      <OverlayChart title={t.curves} name="eval_loss" runs={runs} curves={curves} />
      <OverlayChart title={t.trainCurves} name="loss" runs={runs} curves={curves} />
      <ComparisonTable
        title={t.metrics}
        runs={runs}
        rows={Object.entries(comparison.best)}
        winners={comparison.winner}
      />
      {settings.length ? <ComparisonTable title={t.settings} runs={runs} rows={settings} /> : <Alert>{t.same}</Alert>}
    </>
  );
}

/** Show runs side by side: curves, best metrics and settings that differ. */
export default function ComparePage() {
  const { training: t, app } = useMessages();
  const { runs } = page.useSearch();
  const ids = (runs ?? "").split(",").filter(Boolean);
  const query = useQuery(comparisonQuery(ids));
  return (
    <>
      <PageHeader title={t.cmp.title} breadcrumbs={[{ label: app.nav.training, to: "/training" }]} />
      <PageBody>
        {ids.length ? (
          <QueryBoundary query={query} lines={10}>
            {(data) => <Comparison comparison={data} />}
          </QueryBoundary>
        ) : (
          <Alert>{t.cmp.pick}</Alert>
        )}
      </PageBody>
    </>
  );
}

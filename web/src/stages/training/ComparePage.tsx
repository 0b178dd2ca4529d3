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
import { alignMetrics, fromCurves, METRIC_TEXTS, type MetricsByStep } from "./curves";
import { schemaFields } from "./fields";
import { comparisonQuery, curvesQuery, recipesQuery } from "./queries";
import { formatSummaryValue, readableName } from "./RunFacts";
import c from "./training.module.css";

const page = getRouteApi("/training/compare");

const runLabel = (run: Schema["TrainingRun"]) => `${run.name} ${run.id.slice(-4)}`;

function ComparisonTable({
  title,
  runs,
  rows,
  winners,
  label,
}: {
  title: string;
  runs: Schema["TrainingRun"][];
  rows: [string, unknown[]][];
  winners?: Record<string, number>;
  label: (name: string) => string;
}) {
  const t = useMessages().training.cmp;
  const f = useFormats();
  const formatValue = (name: string, value: unknown) =>
    value === null || value === undefined ? "–" : formatSummaryValue(name, value, f);
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
                  {runLabel(run)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, values]) => (
              <tr key={name}>
                <th scope="row">{label(name)}</th>
                {values.map((value, index) => (
                  <td key={runs[index]?.id} className="num">
                    {formatValue(name, value)}
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
        series={runs.map((run, index) => ({ label: runLabel(run), values: values[index] ?? [] }))}
      />
    </Panel>
  );
}

function Comparison({ comparison }: { comparison: Schema["RunComparison"] }) {
  const { cmp: t, run: runTexts, fields: settingTexts } = useMessages().training;
  const recipes = useQuery(recipesQuery).data;
  const curves = useQueries({ queries: comparison.runs.map((run) => curvesQuery(run.id)) }).map((curveQuery) =>
    fromCurves(curveQuery.data ?? []),
  );
  const runs = [...comparison.runs];
  const settings = Object.entries(comparison.settings);
  const metricLabel = (name: string) => {
    const text = METRIC_TEXTS[name];
    return text ? runTexts[text] : (runTexts.facts[name] ?? readableName(name));
  };
  const settingLabel = (name: string) => {
    const schemas = (recipes ?? []).filter((recipe) => runs.some((run) => run.recipe === recipe.name));
    const fields = schemas.flatMap((recipe) => schemaFields(recipe.settings_schema));
    return settingTexts[name]?.[0] ?? fields.find((field) => field.name === name)?.title ?? readableName(name);
  };
  return (
    <>
      <Group gap="lg">
        {runs.map((run) => (
          <Text size="sm" key={run.id}>
            <LocationLink to={`/training/runs/${run.id}`}>{runLabel(run)}</LocationLink>
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
        label={metricLabel}
      />
      {settings.length ? (
        <ComparisonTable title={t.settings} runs={runs} rows={settings} label={settingLabel} />
      ) : (
        <Alert>{t.same}</Alert>
      )}
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

import { Alert, Group, Text } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Line, seriesColor } from "@/components/charts/Line";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { PlaceLink } from "@/components/ThingLink";
import { aligned, type Figures, fromCurves } from "./curves";
import { comparisonQuery, curvesQuery } from "./queries";
import c from "./training.module.css";

const page = getRouteApi("/training/compare");

function Table({
  title,
  runs,
  rows,
  winner,
}: {
  title: string;
  runs: S["Run"][];
  rows: [string, unknown[]][];
  winner?: Record<string, number>;
}) {
  const t = useMessages().training.cmp;
  const f = useFormats();
  const write = (value: unknown) =>
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
                    {write(value)}
                    {winner?.[name] === index && runs.length > 1 && <span className={c.best}>{t.best}</span>}
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

/** The same figure of every run on one axis. */
function Overlay({ title, name, runs, curves }: { title: string; name: string; runs: S["Run"][]; curves: Figures[] }) {
  const together: Figures = new Map(runs.map((run, index) => [run.id, curves[index]?.get(name) ?? new Map()]));
  const { x, values } = aligned(
    together,
    runs.map((run) => run.id),
  );
  return (
    <Panel title={title}>
      <Line
        label={title}
        x={x}
        height={260}
        series={runs.map((run, index) => ({ label: `${run.name} ${run.id.slice(-4)}`, values: values[index] ?? [] }))}
      />
    </Panel>
  );
}

function Found({ found }: { found: S["RunComparison"] }) {
  const t = useMessages().training.cmp;
  const curves = useQueries({ queries: found.runs.map((run) => curvesQuery(run.id)) }).map((one) =>
    fromCurves(one.data ?? []),
  );
  const runs = [...found.runs];
  const settings = Object.entries(found.settings);
  return (
    <>
      <Group gap="lg">
        {runs.map((run) => (
          <Text size="sm" key={run.id}>
            <PlaceLink to={`/training/runs/${run.id}`}>{`${run.name} ${run.id.slice(-4)}`}</PlaceLink>
          </Text>
        ))}
      </Group>
      <Overlay title={t.curves} name="eval_loss" runs={runs} curves={curves} />
      <Overlay title={t.trainCurves} name="loss" runs={runs} curves={curves} />
      <Table title={t.figures} runs={runs} rows={Object.entries(found.best)} winner={found.winner} />
      {settings.length ? <Table title={t.settings} runs={runs} rows={settings} /> : <Alert>{t.same}</Alert>}
    </>
  );
}

/** Runs side by side: curves over one another, best figures, and the settings that differ. */
export default function ComparePage() {
  const { training: t, app } = useMessages();
  const { runs } = page.useSearch();
  const ids = (runs ?? "").split(",").filter(Boolean);
  const query = useQuery(comparisonQuery(ids));
  return (
    <>
      <PageHeader title={t.cmp.title} crumbs={[{ label: app.nav.training, to: "/training" }]} />
      <PageBody>
        {ids.length ? (
          <Await query={query} lines={10}>
            {(found) => <Found found={found} />}
          </Await>
        ) : (
          <Alert>{t.cmp.pick}</Alert>
        )}
      </PageBody>
    </>
  );
}

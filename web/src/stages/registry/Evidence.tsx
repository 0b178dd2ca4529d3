import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { PlaceLink, ThingLink } from "@/components/ThingLink";
import { When } from "@/components/When";
import { baselines, evaluationsOf } from "./evidence";
import { canaries, deployments, evaluations } from "./queries";
import c from "./registry.module.css";

const SHOWN = 3;

/** What speaks for a version and against it: its evaluations, and the canaries in which it was the candidate. */
export function Evidence({ version, of }: { version: S["ModelVersion"]; of: string }) {
  const t = useMessages().registry.evidence;
  const f = useFormats();
  const served = useQuery(deployments());
  const runs = useQuery(evaluations());
  const tests = useQuery(canaries());
  const mine = evaluationsOf(version, served.data ?? [], runs.data ?? []);
  const decided = (tests.data ?? []).filter((one) => one.model === of);
  const columns: Column<S["EvalResult"]>[] = [
    {
      id: "name",
      title: t.evaluation,
      width: "minmax(150px, 1.4fr)",
      cell: (run) => <PlaceLink to={`/evals/${run.id}`}>{run.name}</PlaceLink>,
    },
    {
      id: "on",
      title: t.on,
      width: "minmax(150px, 1.2fr)",
      cell: (run) => (
        <>
          <ThingLink kind="dataset" of={run.dataset} /> <span className={c.faint}>{run.split}</span>
        </>
      ),
    },
    {
      id: "scores",
      title: t.scores,
      width: "minmax(240px, 2fr)",
      cell: (run) =>
        Object.entries(run.scores ?? {})
          .slice(0, SHOWN)
          .map(([name, value]) => `${name} ${f.number(value, 3)}`)
          .join(" · "),
    },
    {
      id: "compare",
      title: t.comparison,
      width: "minmax(130px, 1fr)",
      cell: (run) => {
        const other = baselines(run, runs.data ?? [])[0];
        return other ? (
          <PlaceLink to="/evals/compare" search={{ a: other.id, b: run.id }}>
            {t.compare(other.name)}
          </PlaceLink>
        ) : (
          "–"
        );
      },
    },
    { id: "when", title: t.when, width: "100px", cell: (run) => <When at={run.created_at} /> },
  ];
  return (
    <Panel title={t.title} flush={mine.length > 0}>
      {mine.length > 0 ? (
        <DataGrid label={t.title} columns={columns} rows={mine} rowKey={(run) => run.id} />
      ) : (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      {decided.map((canary) => (
        <div key={canary.id} className={c.canary}>
          <Text size="sm">
            <PlaceLink to={`/gateway/routes/${encodeURIComponent(canary.route)}`} search={{ canary: canary.id }}>
              {t.canary(canary.route)}
            </PlaceLink>
            : {t.verdict[canary.status]}
          </Text>
          <Text size="sm" className="num" c="dimmed">
            {t.difference(
              f.number(canary.evidence.difference, 3),
              f.number(canary.evidence.low, 3),
              f.number(canary.evidence.high, 3),
              f.number(canary.evidence.pairs),
            )}
          </Text>
        </div>
      ))}
    </Panel>
  );
}

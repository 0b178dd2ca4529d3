import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink, LocationLink } from "@/components/EntityLink";
import { Panel } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import { baselines, versionEvaluations } from "./evidence";
import { canariesQuery, deploymentsQuery, evaluationsQuery } from "./queries";
import c from "./registry.module.css";

const MAX_SCORES = 3;

/** Show the evidence for a version: evaluations, and canaries with it as candidate. */
export function EvidencePanel({ version, versionRef }: { version: Schema["ModelVersion"]; versionRef: string }) {
  const t = useMessages().registry.evidence;
  const f = useFormats();
  const deployments = useQuery(deploymentsQuery());
  const evaluations = useQuery(evaluationsQuery());
  const canaries = useQuery(canariesQuery());
  const versionRuns = versionEvaluations(version, deployments.data ?? [], evaluations.data ?? []);
  const versionCanaries = (canaries.data ?? []).filter((canary) => canary.model === versionRef);
  const columns: Column<Schema["EvalResult"]>[] = [
    {
      id: "name",
      title: t.evaluation,
      width: "minmax(150px, 1.4fr)",
      cell: (run) => <LocationLink to={`/evals/${run.id}`}>{run.name}</LocationLink>,
    },
    {
      id: "on",
      title: t.on,
      width: "minmax(150px, 1.2fr)",
      cell: (run) => (
        <>
          <EntityLink kind="dataset" entityRef={run.dataset} /> <span className={c.faint}>{run.split}</span>
        </>
      ),
    },
    {
      id: "scores",
      title: t.scores,
      width: "minmax(240px, 2fr)",
      cell: (run) =>
        Object.entries(run.scores ?? {})
          .slice(0, MAX_SCORES)
          .map(([name, value]) => `${name} ${f.number(value, 3)}`)
          .join(" · "),
    },
    {
      id: "compare",
      title: t.comparison,
      width: "minmax(130px, 1fr)",
      cell: (run) => {
        const baseline = baselines(run, evaluations.data ?? [])[0];
        return baseline ? (
          <LocationLink to="/evals/compare" search={{ a: baseline.id, b: run.id }}>
            {t.compare(baseline.name)}
          </LocationLink>
        ) : (
          "–"
        );
      },
    },
    { id: "when", title: t.when, width: "100px", cell: (run) => <RelativeTime at={run.created_at} /> },
  ];
  return (
    <Panel title={t.title} flush={versionRuns.length > 0}>
      {versionRuns.length > 0 ? (
        <DataGrid label={t.title} columns={columns} rows={versionRuns} rowKey={(run) => run.id} />
      ) : (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      {versionCanaries.map((canary) => (
        <div key={canary.id} className={c.canary}>
          <Text size="sm">
            <LocationLink to={`/gateway/routes/${encodeURIComponent(canary.route)}`} search={{ canary: canary.id }}>
              {t.canary(canary.route)}
            </LocationLink>
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

import { Alert, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { MetricsTable } from "@/components/comparison/MetricsTable";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "../prompts.module.css";
import { redTeamComparisonQuery, redTeamRunsQuery } from "../queries";
import { useClassTitle } from "./Rates";

const page = getRouteApi("/prompts/$name/red-team/compare");

/** Show the comparison of two red team runs: success and over-refusal per class, and the attacks that changed. */
export default function ComparisonPage() {
  const { app, prompts } = useMessages();
  const t = prompts.redteam;
  const f = useFormats();
  const titleOf = useClassTitle();
  const { name } = page.useParams();
  const { a, b } = page.useSearch();
  const navigate = useNavigate({ from: "/prompts/$name/red-team/compare" });
  const runs = (useQuery(redTeamRunsQuery(name)).data ?? []).filter((run) => run.status === "finished");
  const query = useQuery(redTeamComparisonQuery(a ?? "", b ?? ""));
  const select = (side: "a" | "b") => (
    <Select
      size="sm"
      w={250}
      aria-label={t[side]}
      placeholder={t[side]}
      data={runs.map((run) => ({ value: run.id, label: `${run.target}, ${f.time(run.created_at)}` }))}
      value={{ a, b }[side] ?? null}
      onChange={(value) =>
        navigate({ search: (previous) => ({ ...previous, [side]: value ?? undefined }), replace: true })
      }
    />
  );
  return (
    <>
      <PageHeader
        title={t.comparison}
        breadcrumbs={[
          { label: app.nav.prompts, to: "/prompts" },
          { label: name, to: `/prompts/${encodeURIComponent(name)}` },
        ]}
        actions={
          <>
            {select("a")}
            {select("b")}
          </>
        }
      />
      <PageBody>
        {a && b ? (
          <QueryBoundary query={query} lines={8}>
            {(comparison) => {
              const rename = (measure: string, metrics: typeof comparison.success) =>
                Object.entries(metrics).map(([key, metric]) => [
                  `${measure}: ${key === "all" ? t.all : titleOf(key)}`,
                  metric,
                ]);
              const metrics = Object.fromEntries([
                ...rename(t.success, comparison.success),
                ...rename(t.overRefusal, comparison.over_refusal),
              ]) as typeof comparison.success;
              return (
                <>
                  <Text size="sm" c="dimmed">
                    {t.compared(f.number(comparison.n))}
                  </Text>
                  {comparison.warnings.map((warning) => (
                    <Alert key={warning} color="yellow">
                      {warning}
                    </Alert>
                  ))}
                  <MetricsTable comparison={{ metrics, confidence: comparison.confidence }} />
                  <Panel title={t.changes} flush>
                    {comparison.changes.length ? (
                      <ul className={c.list}>
                        {comparison.changes.map((change) => (
                          <li key={change.attack.id} className={c.item}>
                            <Text size="sm" style={{ overflowWrap: "anywhere", flex: "1 1 300px" }} lineClamp={3}>
                              {change.attack.text}
                            </Text>
                            <Text size="sm" c="dimmed">
                              {titleOf(change.attack.attack_class)} · {t.outcomes[change.a]} → {t.outcomes[change.b]}
                            </Text>
                          </li>
                        ))}
                      </ul>
                    ) : (
                      <Text size="sm" c="dimmed" p="md">
                        {t.noChanges}
                      </Text>
                    )}
                  </Panel>
                </>
              );
            }}
          </QueryBoundary>
        ) : (
          <Alert>{t.pickTwo}</Alert>
        )}
      </PageBody>
    </>
  );
}

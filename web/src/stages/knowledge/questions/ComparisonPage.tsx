import { Alert, Button, Group, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { formatSigned, MetricsTable } from "@/components/comparison/MetricsTable";
import { scoreDecimals, sortScores } from "@/components/comparison/scores";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { MissingPassage } from "./EvaluationPage";
import { comparisonQuery, evaluationsQuery } from "./queries";
import c from "./questions.module.css";

const page = getRouteApi("/knowledge/$base/compare");
type Comparison = Schema["KnowledgeComparison"];
type Change = Schema["QuestionChange"];

function ChangedQuestion({ change, metric }: { change: Change; metric: string }) {
  const t = useMessages().knowledgeQuestions.comparison;
  const f = useFormats();
  const difference = change.b - change.a;
  const digits = scoreDecimals(metric);
  const missing = [
    { name: t.a, passages: change.a_missing },
    { name: t.b, passages: change.b_missing },
  ].filter(({ passages }) => passages.length > 0);
  return (
    <div className={c.change}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text size="sm" fw={500}>
          {change.question}
        </Text>
        <span className="num" style={{ whiteSpace: "nowrap" }}>
          {f.fixed(change.a, digits)} → {f.fixed(change.b, digits)}{" "}
          <strong className={c.delta} data-tone={difference > 0 ? "up" : "down"}>
            {formatSigned(difference, metric, f)}
          </strong>
        </span>
      </Group>
      {missing.map(({ name, passages }) => (
        <Stack key={name} gap={2} mt={4}>
          <Text size="xs" c="dimmed">
            {t.missingIn(name)}
          </Text>
          {passages.map((passage) => (
            <MissingPassage key={JSON.stringify(passage)} missing={passage} />
          ))}
        </Stack>
      ))}
    </div>
  );
}

function Changes({ comparison, onMetric }: { comparison: Comparison; onMetric: (metric: string) => void }) {
  const t = useMessages().knowledgeQuestions.comparison;
  return (
    <Panel
      title={t.changes}
      flush
      actions={
        <Select
          size="xs"
          w={180}
          aria-label={t.metric}
          allowDeselect={false}
          data={sortScores(Object.keys(comparison.metrics))}
          value={comparison.metric}
          onChange={(value) => value && onMetric(value)}
        />
      }
    >
      {comparison.changes.length ? (
        comparison.changes.map((change) => (
          <ChangedQuestion key={change.question_id} change={change} metric={comparison.metric} />
        ))
      ) : (
        <Text size="sm" c="dimmed" px="md" pb="md">
          {t.noChanges}
        </Text>
      )}
    </Panel>
  );
}

/** Show the comparison of two evaluations: differences with intervals, and the questions that changed. */
export default function ComparisonPage() {
  const { app, knowledgeQuestions } = useMessages();
  const t = knowledgeQuestions.comparison;
  const f = useFormats();
  const { base } = page.useParams();
  const { a, b, metric } = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base/compare" });
  const evaluations = (useQuery(evaluationsQuery(base)).data ?? []).filter((one) => one.status === "finished");
  const query = useQuery({ ...comparisonQuery(a ?? "", b ?? "", metric), enabled: Boolean(a && b) });
  const options = evaluations.map((one) => ({
    value: one.id,
    label: t.label(f.number(one.index_number), f.number(one.question_set), f.time(one.created_at)),
  }));
  const select = (name: "a" | "b") => (
    <Select
      size="sm"
      w={270}
      aria-label={t[name]}
      placeholder={t[name]}
      searchable
      data={options}
      value={{ a, b }[name] ?? null}
      onChange={(value) =>
        navigate({ search: (previous) => ({ ...previous, [name]: value ?? undefined }), replace: true })
      }
    />
  );
  return (
    <>
      <PageHeader
        title={t.title}
        breadcrumbs={[
          { label: app.nav.knowledge, to: "/knowledge" },
          { label: base, to: `/knowledge/${encodeURIComponent(base)}` },
        ]}
        actions={
          <>
            {select("a")}
            <Button
              size="sm"
              variant="default"
              leftSection={<ArrowLeftRight size={14} aria-hidden />}
              onClick={() => navigate({ search: (previous) => ({ ...previous, a: b, b: a }), replace: true })}
            >
              {t.swap}
            </Button>
            {select("b")}
          </>
        }
      />
      <PageBody>
        {a && b ? (
          <QueryBoundary query={query} lines={8}>
            {(comparison) => (
              <>
                <Text size="sm" c="dimmed">
                  {t.lead(f.number(comparison.n))}
                </Text>
                {comparison.warnings.length > 0 && (
                  <Alert color="yellow" title={t.notes}>
                    {comparison.warnings.map((warning) => (
                      <Text key={warning} size="sm">
                        {warning}
                      </Text>
                    ))}
                  </Alert>
                )}
                <MetricsTable comparison={comparison} />
                <Changes
                  comparison={comparison}
                  onMetric={(next) =>
                    navigate({ search: (previous) => ({ ...previous, metric: next }), replace: true })
                  }
                />
              </>
            )}
          </QueryBoundary>
        ) : (
          <Alert>{t.pick}</Alert>
        )}
      </PageBody>
    </>
  );
}

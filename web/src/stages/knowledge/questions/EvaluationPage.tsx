import { Alert, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { scoreDecimals } from "@/components/comparison/scores";
import { type Column, DataGrid } from "@/components/DataGrid";
import { LocationLink } from "@/components/EntityLink";
import { JobPanel } from "@/components/Job";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { Status } from "@/components/Status";
import { MetricMeters } from "./MetricMeters";
import { tableMetrics } from "./metrics";
import { evaluationQuery, resultsQuery } from "./queries";
import c from "./questions.module.css";

const page = getRouteApi("/knowledge/$base/evaluations/$id");
type Evaluation = Schema["KnowledgeEvaluation"];
type Result = Schema["QuestionResult"];

/** Show an expected passage that was not retrieved: its document, its quote and the reason. */
export function MissingPassage({ missing }: { missing: Record<string, unknown> }) {
  const { path, quote, reason } = missing;
  return (
    <Text size="sm" component="div">
      {String(path ?? "")}
      {reason ? ` · ${String(reason)}` : ""}
      {quote ? (
        <Text size="xs" c="dimmed" className={c.clamp}>
          {String(quote)}
        </Text>
      ) : null}
    </Text>
  );
}

/** Show the result of a question: its scores, its answer, what is missing, and the retrieved passages. */
function ResultDetail({ result }: { result: Result }) {
  const t = useMessages().knowledgeQuestions.page;
  const f = useFormats();
  const scores = Object.entries(result.scores);
  return (
    <Stack gap="md">
      {result.error && (
        <Alert color="red" role="alert">
          {result.error}
        </Alert>
      )}
      {scores.length > 0 && (
        <Stats items={scores.map(([label, value]) => ({ label, value: f.number(value, scoreDecimals(label)) }))} />
      )}
      {result.answer && (
        <SidePanelSection title={t.answer}>
          <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>
            {result.answer}
          </Text>
          {result.span_id && (
            <Text size="xs" mt={4}>
              <LocationLink to="/traces" search={{ span: result.span_id }}>
                {result.span_id}
              </LocationLink>
            </Text>
          )}
        </SidePanelSection>
      )}
      <SidePanelSection title={t.missing}>
        {result.missing.length ? (
          result.missing.map((missing) => <MissingPassage key={JSON.stringify(missing)} missing={missing} />)
        ) : (
          <Text size="sm" c="dimmed">
            {t.none}
          </Text>
        )}
      </SidePanelSection>
      <SidePanelSection title={t.passages}>
        {result.passages.map((passage, index) => (
          <div
            key={`${passage.path} ${passage.start} ${passage.end}`}
            className={c.passage}
            data-relevant={passage.relevant === true || undefined}
          >
            <div className={c.passageHead}>
              <span>
                {f.number(index + 1)} · {passage.path} {passage.heading && `› ${passage.heading.split(" > ").at(-1)}`}
              </span>
              <span className="num">{f.fixed(passage.score, 3)}</span>
            </div>
            <div className={c.clamp}>{passage.text}</div>
          </div>
        ))}
      </SidePanelSection>
    </Stack>
  );
}

function Results({ evaluation }: { evaluation: Evaluation }) {
  const t = useMessages().knowledgeQuestions.page;
  const f = useFormats();
  const [open, setOpen] = useState<string>();
  const query = useInfiniteQuery(resultsQuery(evaluation.id));
  const rows = query.data?.pages.flat() ?? [];
  const index = rows.findIndex((row) => row.question_id === open);
  const opened = rows[index];
  const columns: Column<Result>[] = [
    {
      id: "question",
      title: t.question,
      width: "minmax(240px, 2fr)",
      cell: (row) => <span title={row.question}>{row.question}</span>,
    },
    {
      id: "missing",
      title: t.missing,
      width: "minmax(140px, 1fr)",
      cell: (row) => row.error ?? row.missing.map((missing) => String(missing.path ?? "")).join(", "),
    },
    ...tableMetrics(Object.keys(evaluation.metrics)).map((name) => ({
      id: name,
      title: name,
      width: "100px",
      alignRight: true,
      cell: (row: Result) => f.fixed(row.scores[name], scoreDecimals(name)),
    })),
  ];
  if (query.data === undefined) return <LoadingPlaceholder lines={4} />;
  if (!rows.length) return null;
  return (
    <Panel title={t.results} flush>
      <DataGrid
        label={t.results}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.question_id}
        hasMore={query.hasNextPage}
        loading={query.isFetchingNextPage}
        onEnd={() => void query.fetchNextPage()}
        onOpen={(row) => setOpen(row.question_id)}
        selected={open}
      />
      <SidePanel
        opened={Boolean(opened)}
        onClose={() => setOpen(undefined)}
        title={opened?.question ?? ""}
        onStep={(by) => rows[index + by] && setOpen(rows[index + by]?.question_id)}
      >
        {opened && <ResultDetail result={opened} />}
      </SidePanel>
    </Panel>
  );
}

function Overview({ evaluation }: { evaluation: Evaluation }) {
  const t = useMessages().knowledgeQuestions;
  const f = useFormats();
  const { warnings } = evaluation;
  return (
    <>
      <Stats
        items={[
          { label: t.page.questionCount, value: `${f.number(evaluation.done)} / ${f.number(evaluation.questions)}` },
          { label: t.answersBy, value: evaluation.settings.model ?? UNKNOWN },
          { label: t.evaluation.judge, value: evaluation.settings.judge ?? UNKNOWN },
          { label: t.cost, value: f.money(evaluation.cost) },
          { label: t.when, value: <RelativeTime at={evaluation.created_at} />, note: evaluation.created_by },
        ]}
      />
      {evaluation.failed > 0 && <Alert color="yellow">{t.page.failedQuestions(f.number(evaluation.failed))}</Alert>}
      {warnings.length > 0 && (
        <Alert color="yellow" title={t.page.warnings}>
          {warnings.map((warning) => (
            <Text key={warning} size="sm">
              {warning}
            </Text>
          ))}
        </Alert>
      )}
      {Object.keys(evaluation.metrics).length > 0 && (
        <Panel title={t.metrics}>
          <MetricMeters metrics={evaluation.metrics} />
        </Panel>
      )}
    </>
  );
}

/** Show an evaluation: its metrics with intervals and the result of each question. */
export default function EvaluationPage() {
  const { app, knowledgeQuestions: t } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { base, id } = page.useParams();
  const query = useQuery(evaluationQuery(id));
  const evaluation = query.data;
  const isRunning = evaluation?.status === "queued" || evaluation?.status === "running";
  return (
    <>
      <PageHeader
        title={
          evaluation
            ? t.page.title(f.number(evaluation.index_number), f.number(evaluation.question_set))
            : t.evaluations
        }
        badge={evaluation && <Status state={evaluation.status} label={t.statuses[evaluation.status]} />}
        breadcrumbs={[
          { label: app.nav.knowledge, to: "/knowledge" },
          { label: base, to: `/knowledge/${encodeURIComponent(base)}` },
        ]}
        actions={
          evaluation &&
          !isRunning && (
            <RowAction
              title={t.page.deleteTitle}
              text={t.page.deleteText}
              label={t.page.delete}
              successMessage={t.page.deleted}
              invalidates={["knowledge", "evaluations"]}
              action={async () => {
                await unwrap(api.DELETE("/api/v1/knowledge/evaluations/{id}", { params: { path: { id } } }));
                void navigate({ to: "/knowledge/$base", params: { base }, search: { tab: "questions" } });
              }}
            />
          )
        }
      />
      <PageBody>
        <QueryBoundary query={query}>
          {(loaded) => (
            <>
              {loaded.status !== "finished" && (
                <JobPanel
                  id={loaded.id}
                  title={t.evaluation.running}
                  onEnd={() => client.invalidateQueries({ queryKey: ["knowledge"] })}
                />
              )}
              <Overview evaluation={loaded} />
              <Results evaluation={loaded} />
            </>
          )}
        </QueryBoundary>
      </PageBody>
    </>
  );
}

import { Alert, Badge, Button, Switch, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { RotateCcw, Tag, TriangleAlert } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CodeBlock } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Meter } from "@/components/charts/Bars";
import { maxScore, scoreDecimals, sortScores } from "@/components/comparison/scores";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink, LocationLink } from "@/components/EntityLink";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RunningJob } from "@/components/RunningJob";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { CompareMenu } from "./CompareMenu";
import c from "./evals.module.css";
import { answersQuery, runQuery } from "./queries";
import { ScoreChips } from "./ScoreChips";

type EvalRun = Schema["EvalResult"];
type Answer = Schema["ScoredOutput"];
const page = getRouteApi("/evals/$id");

function Scores({ run }: { run: EvalRun }) {
  const t = useMessages().evals.run;
  const f = useFormats();
  const signatures = run.signatures ?? {};
  const scorerSignature = (name: string) =>
    signatures[name] ?? signatures[name.split(".")[0] as string] ?? signatures[name.replace(/(1|2|L|Lsum)$/, "")];
  return (
    <Panel title={t.scores}>
      <dl className={c.meters}>
        {sortScores(Object.keys(run.scores ?? {})).map((name) => {
          const value = run.scores?.[name] ?? 0;
          const formatted = f.fixed(value, scoreDecimals(name));
          const maximum = maxScore(name);
          return (
            <div key={name}>
              <dt>
                <span>{name}</span>
                <strong className="num">{formatted}</strong>
              </dt>
              <dd>
                {maximum !== undefined && <Meter value={value / maximum} label={`${name} ${formatted}`} />}
                <span className={c.signature} title={scorerSignature(name)}>
                  {scorerSignature(name)}
                </span>
              </dd>
            </div>
          );
        })}
      </dl>
    </Panel>
  );
}

function AnswerDetail({ answer }: { answer: Answer }) {
  const t = useMessages().evals.run;
  return (
    <>
      <ScoreChips scores={answer.scores} maxScores={6} />
      <SidePanelSection title={t.input}>
        <CodeBlock text={answer.prompt} wrap height={260} label={t.input} />
      </SidePanelSection>
      <SidePanelSection title={t.expected}>
        <CodeBlock text={answer.reference} wrap height={220} label={t.expected} />
      </SidePanelSection>
      <SidePanelSection title={answer.error ? t.error : t.answer}>
        <CodeBlock text={answer.error ?? answer.answer} wrap height={220} label={t.answer} />
      </SidePanelSection>
      {answer.span_id && (
        <SidePanelSection title={t.open}>
          <LocationLink to="/traces" search={{ span: answer.span_id }} mono>
            {answer.span_id}
          </LocationLink>
        </SidePanelSection>
      )}
    </>
  );
}

function useColumns(): Column<Answer>[] {
  const t = useMessages().evals;
  const f = useFormats();
  return [
    { id: "position", title: t.run.position, width: "56px", cell: (answer) => f.number(answer.position + 1) },
    { id: "input", title: t.run.input, width: "minmax(200px, 1.2fr)", cell: (answer) => answer.prompt },
    { id: "expected", title: t.run.expected, width: "minmax(180px, 1fr)", cell: (answer) => answer.reference },
    { id: "answer", title: t.run.answer, width: "minmax(180px, 1fr)", cell: (answer) => answer.error ?? answer.answer },
    {
      id: "scores",
      title: t.scores,
      width: "minmax(220px, 1fr)",
      cell: (answer) => <ScoreChips scores={answer.scores} maxScores={2} />,
    },
  ];
}

function AnswersPanel({ run }: { run: EvalRun }) {
  const t = useMessages().evals.run;
  const { failed, open } = page.useSearch();
  const navigate = useNavigate({ from: "/evals/$id" });
  const query = useInfiniteQuery({
    ...answersQuery(run.id, Boolean(failed)),
    refetchInterval: run.status === "running" ? 4_000 : false,
  });
  const rows = query.data?.pages.flat() ?? [];
  const columns = useColumns();
  const openAnswer = (position: number | undefined) =>
    navigate({ search: (previous) => ({ ...previous, open: position }), replace: true });
  const openIndex = rows.findIndex((row) => row.position === open);
  const openedAnswer = rows[openIndex];
  const toggle = (
    <Switch
      size="xs"
      label={t.onlyFailed}
      checked={Boolean(failed)}
      onChange={(event) => navigate({ search: { failed: event.currentTarget.checked || undefined }, replace: true })}
    />
  );
  return (
    <Panel title={t.answers} actions={toggle} flush>
      <DataGrid
        label={t.answers}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.position)}
        hasMore={query.hasNextPage}
        loading={query.isFetching && !query.isRefetching}
        onEnd={query.fetchNextPage}
        onOpen={(row) => openAnswer(row.position)}
        selected={open === undefined ? undefined : String(open)}
        height="min(560px, 60dvh)"
        onClear={failed ? () => navigate({ search: {}, replace: true }) : undefined}
      />
      <SidePanel
        opened={Boolean(openedAnswer)}
        onClose={() => openAnswer(undefined)}
        title={openedAnswer ? `${t.position} ${openedAnswer.position + 1}` : ""}
        onStep={(by) => {
          const nextAnswer = rows[openIndex + by];
          if (nextAnswer) openAnswer(nextAnswer.position);
        }}
      >
        {openedAnswer && <AnswerDetail answer={openedAnswer} />}
      </SidePanel>
    </Panel>
  );
}

function EvalDetail({ run }: { run: EvalRun }) {
  const { evals: t, judges, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const isRunning = run.status === "running" || run.status === "queued";
  return (
    <>
      <PageHeader
        title={run.name}
        badge={
          <Badge
            variant="light"
            tt="none"
            fw={500}
            color={isRunning ? "iris" : run.status === "finished" ? "teal" : "red"}
          >
            {(app.job as Record<string, unknown>)[run.status] as string}
          </Badge>
        }
        subtitle={`${run.model} · ${run.dataset.replace(/(@.{8}).*/, "$1")} · ${run.split}`}
        breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={
          <>
            <CompareMenu run={run} />
            <Button
              component={Link}
              to="/evals/label/$id"
              params={{ id: run.id } as never}
              size="sm"
              variant="default"
              leftSection={<Tag size={14} aria-hidden />}
            >
              {judges.label.open}
            </Button>
            {!run.source && (
              <Button
                component={Link}
                to="/evals/new"
                search={{ model: run.model, dataset: run.dataset, split: run.split } as never}
                size="sm"
                variant="default"
                leftSection={<RotateCcw size={14} aria-hidden />}
              >
                {t.run.runAgain}
              </Button>
            )}
          </>
        }
      />
      <PageBody>
        {isRunning && (
          <RunningJob
            kind="evals.run"
            title={t.run.job}
            matches={(job) => Object.values(job.params).includes(run.id)}
            onEnd={() => client.invalidateQueries({ queryKey: ["evals"] })}
          />
        )}
        <Stats
          items={[
            {
              label: t.run.done,
              value:
                run.done === run.examples ? f.number(run.done) : `${f.number(run.done)} / ${f.number(run.examples)}`,
              note: run.failed ? t.run.failed(f.number(run.failed)) : undefined,
            },
            { label: t.run.latency, value: f.duration(run.latency_p50), note: f.duration(run.latency_p95) },
            { label: t.run.tokens, value: f.compact(run.input_tokens), note: f.compact(run.output_tokens) },
            { label: t.run.cost, value: f.money(run.cost) },
          ]}
        />
        {(run.truncated > 0 || run.warnings.length > 0) && (
          <Alert color="yellow" title={t.run.warnings} icon={<TriangleAlert size={16} aria-hidden />}>
            {run.truncated > 0 && <Text size="sm">{t.run.truncated(f.number(run.truncated), f.number(run.done))}</Text>}
            {run.warnings.map((warning) => (
              <Text key={warning} size="sm">
                {warning}
              </Text>
            ))}
          </Alert>
        )}
        <Columns
          main={<Scores run={run} />}
          side={
            <Panel title={t.run.settings}>
              <Facts
                items={[
                  ...(run.source ? [[t.run.source, run.source] as [string, string]] : []),
                  [
                    t.dataset,
                    run.source ? run.dataset : <EntityLink key="dataset" kind="dataset" entityRef={run.dataset} />,
                  ],
                  [t.split, run.split],
                  ...Object.entries(run.settings ?? {})
                    .filter(([, value]) => value !== null)
                    .map(([name, value]): [string, string] => [name, String(value)]),
                ]}
              />
            </Panel>
          }
        />
        <AnswersPanel run={run} />
        <Text size="xs" c="dimmed">
          {run.scorers.join(" · ")}
        </Text>
      </PageBody>
    </>
  );
}

/** Show one evaluation: scores, their signatures and all answers. */
export default function EvalPage() {
  const { id } = page.useParams();
  const query = useQuery(runQuery(id));
  return (
    <QueryBoundary query={query} lines={12}>
      {(run) => <EvalDetail run={run} />}
    </QueryBoundary>
  );
}

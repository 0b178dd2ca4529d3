import { Badge, Button, Switch, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { CodeBlock } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Meter } from "@/components/charts/Bars";
import { type Column, DataGrid } from "@/components/DataGrid";
import { JobOf } from "@/components/JobOf";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { Peek, PeekSection } from "@/components/Peek";
import { PlaceLink, ThingLink } from "@/components/ThingLink";
import { CompareWith } from "./CompareWith";
import c from "./evals.module.css";
import { answersQuery, runQuery } from "./queries";
import { ScoreChips } from "./ScoreChips";
import { digits, ordered, topOf } from "./scores";

type Run = S["EvalResult"];
type Answer = S["ScoredAnswer"];
const page = getRouteApi("/evals/$id");

function Scores({ run }: { run: Run }) {
  const t = useMessages().evals.run;
  const f = useFormats();
  const signatures = run.signatures ?? {};
  const sign = (name: string) =>
    signatures[name] ?? signatures[name.split(".")[0] as string] ?? signatures[name.replace(/(1|2|L|Lsum)$/, "")];
  return (
    <Panel title={t.scores}>
      <dl className={c.meters}>
        {ordered(Object.keys(run.scores ?? {})).map((name) => {
          const value = run.scores?.[name] ?? 0;
          const shown = f.fixed(value, digits(name));
          return (
            <div key={name}>
              <dt>
                <span>{name}</span>
                <strong className="num">{shown}</strong>
              </dt>
              <dd>
                <Meter value={value / topOf(name)} label={`${name} ${shown}`} />
                <span className={c.signature} title={sign(name)}>
                  {sign(name)}
                </span>
              </dd>
            </div>
          );
        })}
      </dl>
    </Panel>
  );
}

function Detail({ answer }: { answer: Answer }) {
  const t = useMessages().evals.run;
  return (
    <>
      <ScoreChips scores={answer.scores} most={6} />
      <PeekSection title={t.input}>
        <CodeBlock text={answer.prompt} wrap height={260} label={t.input} />
      </PeekSection>
      <PeekSection title={t.expected}>
        <CodeBlock text={answer.reference} wrap height={220} label={t.expected} />
      </PeekSection>
      <PeekSection title={answer.error ? t.error : t.answer}>
        <CodeBlock text={answer.error ?? answer.answer} wrap height={220} label={t.answer} />
      </PeekSection>
      {answer.span_id && (
        <PeekSection title={t.open}>
          <PlaceLink to="/traces" search={{ span: answer.span_id }} mono>
            {answer.span_id}
          </PlaceLink>
        </PeekSection>
      )}
    </>
  );
}

function useColumns(): Column<Answer>[] {
  const t = useMessages().evals;
  const f = useFormats();
  return [
    { id: "position", title: t.run.position, width: "56px", cell: (one) => f.number(one.position + 1) },
    { id: "input", title: t.run.input, width: "minmax(200px, 1.2fr)", cell: (one) => one.prompt },
    { id: "expected", title: t.run.expected, width: "minmax(180px, 1fr)", cell: (one) => one.reference },
    { id: "answer", title: t.run.answer, width: "minmax(180px, 1fr)", cell: (one) => one.error ?? one.answer },
    {
      id: "scores",
      title: t.scores,
      width: "minmax(220px, 1fr)",
      cell: (one) => <ScoreChips scores={one.scores} most={2} />,
    },
  ];
}

function Answers({ run }: { run: Run }) {
  const t = useMessages().evals.run;
  const { failed, open } = page.useSearch();
  const navigate = useNavigate({ from: "/evals/$id" });
  const query = useInfiniteQuery({
    ...answersQuery(run.id, Boolean(failed)),
    refetchInterval: run.status === "running" ? 4_000 : false,
  });
  const rows = query.data?.pages.flat() ?? [];
  const columns = useColumns();
  const show = (position: number | undefined) =>
    navigate({ search: (had) => ({ ...had, open: position }), replace: true });
  const at = rows.findIndex((row) => row.position === open);
  const shown = rows[at];
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
        more={query.hasNextPage}
        loading={query.isFetching && !query.isRefetching}
        onEnd={query.fetchNextPage}
        onOpen={(row) => show(row.position)}
        selected={open === undefined ? undefined : String(open)}
        height="min(560px, 60dvh)"
        onClear={failed ? () => navigate({ search: {}, replace: true }) : undefined}
      />
      <Peek
        opened={Boolean(shown)}
        onClose={() => show(undefined)}
        title={shown ? `${t.position} ${shown.position + 1}` : ""}
        onStep={(by) => {
          const next = rows[at + by];
          if (next) show(next.position);
        }}
      >
        {shown && <Detail answer={shown} />}
      </Peek>
    </Panel>
  );
}

function Shown({ run }: { run: Run }) {
  const { evals: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const live = run.status === "running" || run.status === "queued";
  return (
    <>
      <PageHeader
        title={run.name}
        badge={
          <Badge variant="light" tt="none" fw={500} color={live ? "iris" : run.status === "finished" ? "teal" : "red"}>
            {(app.job as Record<string, unknown>)[run.status] as string}
          </Badge>
        }
        sub={`${run.model} · ${run.dataset.replace(/(@.{8}).*/, "$1")} · ${run.split}`}
        crumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={
          <>
            <CompareWith run={run} />
            <Button
              component={Link}
              to="/evals/new"
              search={{ model: run.model, dataset: run.dataset, split: run.split } as never}
              size="sm"
              variant="default"
              leftSection={<RotateCcw size={14} aria-hidden />}
            >
              {t.run.again}
            </Button>
          </>
        }
      />
      <PageBody>
        {live && (
          <JobOf
            kind="evals.run"
            title={t.run.job}
            mine={(job) => Object.values(job.params).includes(run.id)}
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
        <Columns
          main={<Scores run={run} />}
          side={
            <Panel title={t.run.settings}>
              <Facts
                items={[
                  [t.dataset, <ThingLink key="dataset" kind="dataset" of={run.dataset} />],
                  [t.split, run.split],
                  ...Object.entries(run.settings ?? {})
                    .filter(([, value]) => value !== null)
                    .map(([name, value]): [string, string] => [name, String(value)]),
                ]}
              />
            </Panel>
          }
        />
        <Answers run={run} />
        <Text size="xs" c="dimmed">
          {run.scorers.join(" · ")}
        </Text>
      </PageBody>
    </>
  );
}

/** One evaluation: its scores and how they were computed, and every answer. */
export default function EvalPage() {
  const { id } = page.useParams();
  const query = useQuery(runQuery(id));
  return (
    <Await query={query} lines={12}>
      {(run) => <Shown run={run} />}
    </Await>
  );
}

import { Alert, Anchor, Button, Group, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { MetricsTable } from "@/components/comparison/MetricsTable";
import { type Column, DataGrid } from "@/components/DataGrid";
import { JobPanel } from "@/components/Job";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { statusOf } from "../runs/status";
import { describeChanges, endedRuns } from "./changes";
import { isOpen, type Replay, replayComparisonQuery, replayedRunsQuery, replayQuery } from "./queries";

const page = getRouteApi("/pipelines/$name/replays/$id");

/** Show a replay: what it changed, its price, its progress, its runs, and the comparison of the outputs in pairs. */
export default function ReplayPage() {
  const { id } = page.useParams();
  const query = useQuery(replayQuery(id));
  return <QueryBoundary query={query}>{(replay) => <Details key={id} replay={replay} />}</QueryBoundary>;
}

function Details({ replay }: { replay: Replay }) {
  const { app, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.replays;
  const f = useFormats();
  const client = useQueryClient();
  const { name } = page.useParams();
  const { estimate, status } = replay;
  const executed = Object.entries(estimate.executed).map(([step, runs]) => `${step} (${f.number(runs)}×)`);
  const changes = describeChanges(replay.changes, t.changed);
  return (
    <>
      <PageHeader
        title={t.replay(replay.id.slice(0, 8))}
        badge={<Status state={status} label={t.statuses[status as keyof typeof t.statuses] ?? status} />}
        breadcrumbs={[
          { label: app.nav.pipelines, to: "/pipelines" },
          { label: name, to: `/pipelines/${encodeURIComponent(name)}?tab=replays` },
        ]}
      />
      <PageBody>
        <Stats
          items={[
            { label: t.runs, value: `${f.number(endedRuns(replay.states))} / ${f.number(estimate.runs)}` },
            { label: t.price, value: f.money(estimate.cost) },
            { label: t.reused, value: f.number(estimate.reused) },
            { label: t.started, value: <RelativeTime at={replay.created_at} />, note: replay.created_by },
          ]}
        />
        <Panel title={t.change}>
          <Facts items={[...changes, [t.executed, executed.join(", ") || "–"]]} />
        </Panel>
        {isOpen(replay) && (
          <JobPanel
            id={replay.id}
            title={t.progress}
            onEnd={() => client.invalidateQueries({ queryKey: ["pipelines"] })}
          />
        )}
        {replay.evaluations ? (
          <Comparison replay={replay} />
        ) : (
          isOpen(replay) && (
            <Text size="sm" c="dimmed">
              {t.noComparison}
            </Text>
          )
        )}
        <Runs replay={replay} />
      </PageBody>
    </>
  );
}

function Comparison({ replay }: { replay: Replay }) {
  const t = useMessages().pipelineAutomation.replays;
  const f = useFormats();
  const query = useQuery(replayComparisonQuery(replay.id));
  const [a, b] = replay.evaluations ?? [];
  return (
    <QueryBoundary query={query}>
      {(comparison) => (
        <>
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              {t.compared(f.number(comparison.n), f.number(comparison.changed))}
            </Text>
            <Anchor component={Link} to={`/evals/compare?a=${a}&b=${b}`} size="sm">
              {t.open}
            </Anchor>
          </Group>
          {(comparison.warnings ?? []).map((warning) => (
            <Alert key={warning} color="yellow" p="xs">
              {warning}
            </Alert>
          ))}
          <MetricsTable comparison={comparison} />
        </>
      )}
    </QueryBoundary>
  );
}

type Row = { position: number; source_id: string; run_id: string; state: string; error?: string | null };

function Runs({ replay }: { replay: Replay }) {
  const { pipelines, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.replays;
  const f = useFormats();
  const { name } = page.useParams();
  const query = useInfiniteQuery(replayedRunsQuery(replay.id, JSON.stringify(replay.states)));
  const link = (id: string) => (
    <Anchor
      component={Link}
      to={`/pipelines/${encodeURIComponent(name)}/runs/${id}`}
      size="sm"
      className="mono"
      onClick={(event) => event.stopPropagation()}
    >
      {id.slice(0, 8)}
    </Anchor>
  );
  const columns: Column<Row>[] = [
    { id: "position", title: "#", width: "60px", alignRight: true, cell: (row) => f.number(row.position + 1) },
    {
      id: "state",
      title: pipelineAutomation.state,
      width: "170px",
      cell: ({ state }) => (
        <Status state={statusOf(state)} label={pipelines.states[state as keyof typeof pipelines.states] ?? state} />
      ),
    },
    { id: "source", title: t.original, width: "120px", cell: (row) => link(row.source_id) },
    { id: "new", title: t.new, width: "120px", cell: (row) => (row.run_id === row.source_id ? "–" : link(row.run_id)) },
    {
      id: "error",
      title: "",
      width: "minmax(160px, 1fr)",
      cell: (row) => (
        <Text inherit truncate title={row.error ?? undefined}>
          {row.error}
        </Text>
      ),
    },
  ];
  const rows = query.data?.pages.flat() ?? [];
  return (
    <Panel title={t.runs} flush>
      <DataGrid label={t.runs} columns={columns} rows={rows} rowKey={(row) => String(row.position)} />
      {query.hasNextPage && (
        <Group justify="center" m="sm">
          <Button size="xs" variant="default" onClick={() => query.fetchNextPage()}>
            {t.moreRuns}
          </Button>
        </Group>
      )}
    </Panel>
  );
}

import { Badge, Button, Group, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { stepDuration } from "./model";
import { type PipelineRun, runsQuery } from "./queries";
import { statusOf } from "./status";

function useColumns(): Column<PipelineRun>[] {
  const { pipelines, pipelineRuns: t } = useMessages();
  const f = useFormats();
  return [
    {
      id: "state",
      title: t.state,
      width: "170px",
      cell: (run) => (
        <Status
          state={statusOf(run.state)}
          label={pipelines.states[run.state as keyof typeof pipelines.states] ?? run.state}
        />
      ),
    },
    {
      id: "inputs",
      title: t.inputs,
      width: "minmax(180px, 2fr)",
      cell: (run) => (
        <Text inherit truncate>
          {Object.values(run.inputs)
            .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
            .join(" · ") || "–"}
        </Text>
      ),
    },
    {
      id: "version",
      title: t.version,
      width: "150px",
      cell: (run) => (
        <>
          <span className="mono">{run.version.slice(0, 8)}</span>
          {run.options?.is_draft && (
            <Badge size="xs" variant="light" color="yellow" tt="none" ml={6}>
              {t.draft}
            </Badge>
          )}
        </>
      ),
    },
    { id: "time", title: t.duration, width: "90px", alignRight: true, cell: (run) => f.duration(stepDuration(run)) },
    { id: "cost", title: t.cost, width: "100px", alignRight: true, cell: (run) => f.money(run.cost) },
    {
      id: "created",
      title: t.started,
      width: "120px",
      alignRight: true,
      cell: (run) => <RelativeTime at={run.created_at} />,
    },
  ];
}

/** Show the runs of a pipeline, newest first. */
export function RunsTab({ name }: { name: string }) {
  const t = useMessages().pipelineRuns;
  const navigate = useNavigate();
  const runs = useInfiniteQuery(runsQuery(name));
  const columns = useColumns();
  if (runs.isError) return <ErrorAlert error={runs.error} onRetry={() => runs.refetch()} flush />;
  if (!runs.data) return <LoadingPlaceholder />;
  const rows = runs.data.pages.flat();
  if (!rows.length)
    return (
      <Panel title={t.title}>
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      </Panel>
    );
  return (
    <>
      <DataGrid
        label={t.title}
        columns={columns}
        rows={rows}
        rowKey={(run) => run.id}
        hasMore={runs.hasNextPage}
        loading={runs.isFetchingNextPage}
        onEnd={() => runs.fetchNextPage()}
        onOpen={(run) => navigate({ to: "/pipelines/$name/runs/$id", params: { name, id: run.id } })}
      />
      {runs.hasNextPage && (
        <Group justify="center" mt="sm">
          <Button size="xs" variant="default" onClick={() => runs.fetchNextPage()}>
            {t.more}
          </Button>
        </Group>
      )}
    </>
  );
}

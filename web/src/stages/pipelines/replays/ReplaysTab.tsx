import { Button, Group, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { describeChanges, endedRuns } from "./changes";
import { type Replay, replaysQuery } from "./queries";

function useColumns(): Column<Replay>[] {
  const t = useMessages().pipelineAutomation;
  const f = useFormats();
  return [
    {
      id: "state",
      title: t.state,
      width: "120px",
      cell: ({ status }) => (
        <Status state={status} label={t.replays.statuses[status as keyof typeof t.replays.statuses] ?? status} />
      ),
    },
    {
      id: "change",
      title: t.replays.change,
      width: "minmax(200px, 2fr)",
      cell: ({ changes }) => (
        <Text inherit truncate>
          {describeChanges(changes, t.replays.changed)
            .map(([name, text]) => `${name}: ${text}`)
            .join(" · ") || "–"}
        </Text>
      ),
    },
    {
      id: "runs",
      title: t.replays.runs,
      width: "110px",
      alignRight: true,
      cell: ({ states, estimate }) => `${f.number(endedRuns(states))} / ${f.number(estimate.runs)}`,
    },
    {
      id: "price",
      title: t.replays.price,
      width: "140px",
      alignRight: true,
      cell: ({ estimate }) => f.money(estimate.cost),
    },
    { id: "by", title: t.replays.startedBy, width: "160px", cell: (replay) => replay.created_by },
    {
      id: "started",
      title: t.replays.started,
      width: "120px",
      alignRight: true,
      cell: (replay) => <RelativeTime at={replay.created_at} />,
    },
  ];
}

/** Show the replays of a pipeline, newest first. */
export function ReplaysTab({ name }: { name: string }) {
  const t = useMessages().pipelineAutomation.replays;
  const navigate = useNavigate();
  const replays = useInfiniteQuery(replaysQuery(name));
  const columns = useColumns();
  if (replays.isError) return <ErrorAlert error={replays.error} onRetry={() => replays.refetch()} flush />;
  if (!replays.data) return <LoadingPlaceholder />;
  const rows = replays.data.pages.flat();
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
        rowKey={(replay) => replay.id}
        onOpen={(replay) => navigate({ to: "/pipelines/$name/replays/$id", params: { name, id: replay.id } })}
      />
      {replays.hasNextPage && (
        <Group justify="center" mt="sm">
          <Button
            size="xs"
            variant="default"
            loading={replays.isFetchingNextPage}
            onClick={() => replays.fetchNextPage()}
          >
            {t.more}
          </Button>
        </Group>
      )}
    </>
  );
}

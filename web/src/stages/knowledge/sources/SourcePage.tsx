import { Alert, Button, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { type Column, DataGrid } from "@/components/DataGrid";
import { JobPanel } from "@/components/Job";
import { notifyError } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { StateFilter } from "../StateFilter";
import { type ItemOutcome, itemsQuery, sourceQuery, syncSource, syncsQuery } from "./queries";
import { SourceActions } from "./SourceActions";
import { isSyncing, SETTINGS, type Source, sourceAddress } from "./sourceForm";

const page = getRouteApi("/knowledge/$base/sources/$name");
type Sync = Schema["SourceSync"];
const OUTCOMES: ItemOutcome[] = ["added", "changed", "unchanged", "failed", "skipped", "deleted"];
const OUTCOME_TONES: Record<string, string> = { added: "ok", changed: "ok", failed: "failed", skipped: "cancelled" };

/** Show why the last sync failed, stopped or is incomplete, and how to go on. */
function SyncAlert({ source }: { source: Source }) {
  const t = useMessages().knowledgeSources;
  const client = useQueryClient();
  const force = useMutation({
    mutationFn: () => syncSource(source.base, source.name, true),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
  const sync = source.last_sync;
  if (!sync || isSyncing(source) || !(sync.reason || sync.incomplete)) return null;
  return (
    <Alert color={sync.state === "failed" ? "red" : "yellow"} title={sync.reason ?? sync.incomplete}>
      <Stack gap={6} align="flex-start">
        {sync.hint && <Text size="sm">{sync.hint}</Text>}
        {sync.state === "stopped" && (
          <Confirm title={t.forceTitle} text={t.forceText} label={t.force} onConfirm={() => force.mutate()}>
            {(open) => (
              <Button size="xs" variant="default" loading={force.isPending} onClick={open}>
                {t.force}
              </Button>
            )}
          </Confirm>
        )}
      </Stack>
    </Alert>
  );
}

function Syncs({ source }: { source: Source }) {
  const t = useMessages().knowledgeSources;
  const f = useFormats();
  const query = useQuery(syncsQuery(source.base, source.name));
  const counts = ["added", "changed", "unchanged", "deleted", "failed", "skipped"] as const;
  const columns: Column<Sync>[] = [
    {
      id: "state",
      title: t.state,
      width: "minmax(96px, 1fr)",
      cell: (sync) => (
        <span title={sync.reason ?? undefined}>
          <Status state={sync.state === "stopped" ? "cancelled" : sync.state} label={t.states[sync.state]} />
        </span>
      ),
    },
    ...counts.map((name) => ({
      id: name,
      title: t.counts[name],
      width: "70px",
      alignRight: true,
      cell: (sync: Sync) => f.number(sync[name]),
    })),
    {
      id: "duration",
      title: t.duration,
      width: "76px",
      alignRight: true,
      cell: (sync) =>
        sync.started_at && sync.finished_at
          ? f.duration(Date.parse(sync.finished_at) - Date.parse(sync.started_at))
          : UNKNOWN,
    },
    {
      id: "when",
      title: t.when,
      width: "92px",
      alignRight: true,
      cell: (sync) => <RelativeTime at={sync.created_at} />,
    },
  ];
  return (
    <Panel title={t.syncs} flush>
      <QueryBoundary query={query} lines={3}>
        {(syncs) =>
          syncs.length ? (
            <DataGrid label={t.syncs} columns={columns} rows={syncs} rowKey={(sync) => sync.id} />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noSyncs}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

function Items({ source }: { source: Source }) {
  const t = useMessages().knowledgeSources;
  const [outcome, setOutcome] = useState<ItemOutcome>();
  const query = useInfiniteQuery(itemsQuery(source.base, source.name, outcome));
  const rows = query.data?.pages.flat() ?? [];
  const sync = source.last_sync;
  const counts = Object.fromEntries(OUTCOMES.map((one) => [one, sync?.[one] ?? 0]));
  const columns: Column<Schema["SourceItem"]>[] = [
    {
      id: "item",
      title: t.item,
      width: "minmax(220px, 1.4fr)",
      cell: (item) => (
        <span title={item.url ?? item.key}>
          <Text inherit span fw={500}>
            {item.title || item.path || item.key}
          </Text>{" "}
          <Text inherit span c="dimmed">
            {item.title ? (item.url ?? item.key) : ""}
          </Text>
        </span>
      ),
    },
    {
      id: "result",
      title: t.result,
      width: "120px",
      cell: (item) =>
        item.outcome ? (
          <Status state={OUTCOME_TONES[item.outcome] ?? "pending"} label={t.counts[item.outcome]} />
        ) : (
          UNKNOWN
        ),
    },
    {
      id: "reason",
      title: t.reason,
      width: "minmax(180px, 1.2fr)",
      cell: (item) => {
        const text = [item.reason, item.hint].filter(Boolean).join(" · ");
        return <span title={text}>{text}</span>;
      },
    },
    {
      id: "checked",
      title: t.checked,
      width: "110px",
      alignRight: true,
      cell: (item) => <RelativeTime at={item.checked_at} />,
    },
  ];
  if (!sync) return null;
  return (
    <Panel title={t.items} flush>
      {(sync.total > 0 || outcome) && (
        <StateFilter
          label={t.result}
          states={OUTCOMES.filter((one) => counts[one] || one === outcome)}
          labels={t.counts}
          counts={counts}
          selected={outcome}
          onSelect={setOutcome}
        />
      )}
      {query.data === undefined ? (
        <LoadingPlaceholder lines={4} />
      ) : rows.length ? (
        <DataGrid
          label={t.items}
          columns={columns}
          rows={rows}
          rowKey={(item) => item.key}
          hasMore={query.hasNextPage}
          loading={query.isFetchingNextPage}
          onEnd={() => void query.fetchNextPage()}
        />
      ) : (
        <Text size="sm" c="dimmed" px="md" pb="md">
          {t.noItems}
        </Text>
      )}
    </Panel>
  );
}

function SourceFacts({ source }: { source: Source }) {
  const { knowledgeSources: t } = useMessages();
  const f = useFormats();
  const shown = SETTINGS[source.kind].filter((name) => name === "max_depth" || name === "max_pages");
  const labels = { max_depth: t.fields.maxDepth, max_pages: t.fields.maxPages } as Record<string, string>;
  const schedule = source.every_hours
    ? (t.fields.schedules[String(source.every_hours)] ?? t.fields.everyHours(f.number(source.every_hours, 2)))
    : t.manual;
  return (
    <Panel>
      <Facts
        items={[
          [t.kind, t.kinds[source.kind]],
          [t.address, sourceAddress(source) || UNKNOWN],
          [t.documents, f.number(source.documents)],
          [t.fields.schedule, source.paused ? t.paused : schedule],
          [t.nextSync, source.next_sync_at ? <RelativeTime key="next" at={source.next_sync_at} /> : UNKNOWN],
          ...shown.map((name): [string, string] => [labels[name] ?? name, String(source.settings[name] ?? UNKNOWN)]),
        ]}
      />
    </Panel>
  );
}

/** Show a source: its running sync, the history of syncs, and what the newest sync did with each page or file. */
export default function SourcePage() {
  const { app, knowledgeSources: t } = useMessages();
  const client = useQueryClient();
  const { base, name } = page.useParams();
  const query = useQuery(sourceQuery(base, name));
  const source = query.data;
  const sync = source?.last_sync;
  return (
    <>
      <PageHeader
        title={name}
        badge={
          source && (
            <Status
              state={source.state === "syncing" ? "running" : source.state}
              label={t.states[source.state] ?? source.state}
            />
          )
        }
        breadcrumbs={[
          { label: app.nav.knowledge, to: "/knowledge" },
          { label: base, to: `/knowledge/${encodeURIComponent(base)}` },
        ]}
        actions={source && <SourceActions source={source} />}
      />
      <PageBody>
        <QueryBoundary query={query}>
          {(loaded) => (
            <>
              {sync && isSyncing(loaded) && (
                <JobPanel
                  key={sync.job_id}
                  id={sync.job_id}
                  title={t.syncing}
                  onEnd={() => client.invalidateQueries({ queryKey: ["knowledge"] })}
                />
              )}
              <SyncAlert source={loaded} />
              <Columns
                main={
                  <>
                    <Syncs source={loaded} />
                    <Items source={loaded} />
                  </>
                }
                side={<SourceFacts source={loaded} />}
              />
            </>
          )}
        </QueryBoundary>
      </PageBody>
    </>
  );
}

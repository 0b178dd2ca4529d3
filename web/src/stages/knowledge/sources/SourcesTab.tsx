import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CloudDownload, Plus, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { sourcesQuery, syncSource } from "./queries";
import { SourceForm } from "./SourceForm";
import { isSyncing, type Source, sourceAddress } from "./sourceForm";

const STATE_TONES: Record<string, string> = { syncing: "running", new: "pending", ready: "ready" };

/** Return the cells of the last sync: its counts and time, or why it failed. */
export function SyncSummary({ source }: { source: Source }) {
  const t = useMessages().knowledgeSources;
  const f = useFormats();
  const sync = source.last_sync;
  if (!sync) return <>{t.never}</>;
  const counts = t.summary(f.number(sync.added), f.number(sync.changed), f.number(sync.deleted), f.number(sync.failed));
  return (
    <span title={sync.reason ?? counts} className="num">
      {sync.reason ?? counts}
    </span>
  );
}

function SyncButton({ base, source }: { base: string; source: Source }) {
  const t = useMessages().knowledgeSources;
  const client = useQueryClient();
  const sync = useMutation({
    mutationFn: () => syncSource(base, source.name),
    onSuccess: () => notifySuccess(t.started(source.name)),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge", "sources"] }),
  });
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      leftSection={<RefreshCw size={12} aria-hidden />}
      disabled={isSyncing(source)}
      loading={sync.isPending}
      onClick={(event) => {
        event.stopPropagation();
        sync.mutate();
      }}
    >
      {t.sync}
    </Button>
  );
}

function useColumns(base: string): Column<Source>[] {
  const t = useMessages().knowledgeSources;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(130px, 0.8fr)",
      cell: (source) => (
        <Text inherit fw={500} truncate>
          {source.name}
        </Text>
      ),
    },
    { id: "kind", title: t.kind, width: "150px", cell: (source) => t.kinds[source.kind] },
    { id: "address", title: t.address, width: "minmax(160px, 1.4fr)", cell: sourceAddress },
    {
      id: "state",
      title: t.state,
      width: "120px",
      cell: (source) => (
        <Status state={STATE_TONES[source.state] ?? source.state} label={t.states[source.state] ?? source.state} />
      ),
    },
    {
      id: "documents",
      title: t.documents,
      width: "90px",
      alignRight: true,
      cell: (source) => f.number(source.documents),
    },
    {
      id: "sync",
      title: t.lastSync,
      width: "minmax(180px, 1fr)",
      cell: (source) => <SyncSummary source={source} />,
    },
    {
      id: "next",
      title: t.nextSync,
      width: "110px",
      alignRight: true,
      cell: (source) =>
        source.paused ? t.paused : source.next_sync_at ? <RelativeTime at={source.next_sync_at} /> : t.manual,
    },
    {
      id: "action",
      title: t.action,
      width: "100px",
      alignRight: true,
      cell: (source) => <SyncButton base={base} source={source} />,
    },
  ];
}

/** Show the sources of a knowledge base with their state, last sync and schedule. */
export function SourcesTab({ base }: { base: string }) {
  const t = useMessages().knowledgeSources;
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const query = useQuery(sourcesQuery(base));
  const columns = useColumns(base);
  const open = (name: string) => navigate({ to: "/knowledge/$base/sources/$name", params: { base, name } });
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setAdding(true)}>
      {t.add}
    </Button>
  );
  return (
    <>
      <QueryBoundary query={query}>
        {(sources) =>
          sources.length ? (
            <Panel title={t.title} flush actions={<Group>{button}</Group>}>
              <DataGrid
                label={t.title}
                columns={columns}
                rows={sources}
                rowKey={(source) => source.name}
                onOpen={(source) => open(source.name)}
              />
            </Panel>
          ) : (
            <EmptyState
              icon={CloudDownload}
              title={t.emptyTitle}
              action={button}
              cli={`vong knowledge sources add ${base} site --kind crawl --url https://docs.example.com --every 24 --sync`}
              python={`from vong.client import Client\n\nClient().knowledge.sources.create(\n    "${base}", "site", "crawl", {"url": "https://docs.example.com"}, every_hours=24\n)`}
            >
              {t.emptyText}
            </EmptyState>
          )
        }
      </QueryBoundary>
      {adding && <SourceForm base={base} onClose={() => setAdding(false)} onDone={open} />}
    </>
  );
}

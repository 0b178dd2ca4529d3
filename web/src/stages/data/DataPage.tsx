import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Database, Upload } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { useNavigateTo } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { ImportPage } from "./ImportPage";
import type { Version } from "./model";
import { datasetsQuery } from "./queries";
import { SplitBar } from "./Splits";

const route = getRouteApi("/data");
const CLI = "vong data import tickets.jsonl --name tickets";
const PYTHON = `from pathlib import Path
from vong.client import Client

vong = Client()
job = vong.data.import_files("tickets", [Path("tickets.jsonl")])
vong.jobs.wait(job.id)`;

function useColumns(): Column<Version>[] {
  const { data: t, app } = useMessages();
  const f = useFormats();
  return [
    {
      id: "name",
      title: app.name,
      width: "minmax(180px, 1.6fr)",
      cell: (version) => (
        <Text inherit fw={500} truncate>
          {version.name}
        </Text>
      ),
    },
    { id: "rows", title: t.list.rows, width: "90px", alignRight: true, cell: (version) => f.number(version.rows) },
    {
      id: "versions",
      title: t.list.versions,
      width: "96px",
      alignRight: true,
      cell: (version) => f.number(version.number),
    },
    {
      id: "splits",
      title: t.list.splits,
      width: "minmax(120px, 1fr)",
      cell: (version) => <SplitBar version={version} />,
    },
    {
      id: "operation",
      title: t.list.operation,
      width: "minmax(140px, 0.8fr)",
      cell: (version) => t.operations[version.operation.name] ?? version.operation.name,
    },
    {
      id: "when",
      title: t.list.when,
      width: "120px",
      alignRight: true,
      cell: (version) => <RelativeTime at={version.created_at} />,
    },
  ];
}

function DatasetList() {
  const { data: t, app } = useMessages();
  const navigate = route.useNavigate();
  const navigateTo = useNavigateTo();
  const columns = useColumns();
  const query = useInfiniteQuery(datasetsQuery());
  const rows = query.data?.pages.flat() ?? [];
  const button = (
    <Button
      size="sm"
      leftSection={<Upload size={15} aria-hidden />}
      onClick={() => void navigate({ search: { import: true } })}
    >
      {t.list.import}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.data} subtitle={t.list.lead} actions={rows.length > 0 && button} />
      <PageBody>
        {query.isPending ? (
          <LoadingPlaceholder />
        ) : query.isError ? (
          <ErrorAlert error={query.error} onRetry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <EmptyState icon={Database} title={t.empty.title} action={button} cli={CLI} python={PYTHON}>
            {t.empty.text}
          </EmptyState>
        ) : (
          <Panel flush>
            <DataGrid
              label={app.nav.data}
              columns={columns}
              rows={rows}
              rowKey={(version) => version.name}
              onOpen={(version) => navigateTo({ to: `/data/${encodeURIComponent(version.name)}` })}
              hasMore={query.hasNextPage}
              loading={query.isFetchingNextPage}
              onEnd={() => query.fetchNextPage()}
            />
          </Panel>
        )}
      </PageBody>
    </>
  );
}

/** Show the dataset list, or the import form. */
export default function DataPage() {
  const search = route.useSearch();
  return search.import ? <ImportPage /> : <DatasetList />;
}

import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Database, Upload } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import { ImportPage } from "./ImportPage";
import type { Version } from "./model";
import { datasets } from "./queries";
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
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.name}
        </Text>
      ),
    },
    { id: "rows", title: t.list.rows, width: "90px", right: true, cell: (one) => f.number(one.rows) },
    { id: "versions", title: t.list.versions, width: "96px", right: true, cell: (one) => f.number(one.number) },
    { id: "splits", title: t.list.splits, width: "minmax(120px, 1fr)", cell: (one) => <SplitBar version={one} /> },
    {
      id: "operation",
      title: t.list.operation,
      width: "minmax(140px, 0.8fr)",
      cell: (one) => t.operations[one.operation.name] ?? one.operation.name,
    },
    { id: "when", title: t.list.when, width: "120px", right: true, cell: (one) => <When at={one.created_at} /> },
  ];
}

function DatasetList() {
  const { data: t, app } = useMessages();
  const navigate = route.useNavigate();
  const go = useGo();
  const columns = useColumns();
  const query = useInfiniteQuery(datasets());
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
      <PageHeader title={app.nav.data} sub={t.list.lead} actions={rows.length > 0 && button} />
      <PageBody>
        {query.isPending ? (
          <Waiting />
        ) : query.isError ? (
          <Failure error={query.error} again={() => query.refetch()} />
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
              rowKey={(one) => one.name}
              onOpen={(one) => go({ to: `/data/${encodeURIComponent(one.name)}` })}
              more={query.hasNextPage}
              loading={query.isFetchingNextPage}
              onEnd={() => query.fetchNextPage()}
            />
          </Panel>
        )}
      </PageBody>
    </>
  );
}

/** The datasets, or the import of another. */
export default function DataPage() {
  const search = route.useSearch();
  return search.import ? <ImportPage /> : <DatasetList />;
}

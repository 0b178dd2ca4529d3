import { Button, Text } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Boxes, Download, GitFork } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { JobOf } from "@/components/JobOf";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import { AliasBadges } from "./AliasBadges";
import { ImportModel } from "./ImportModel";
import { models } from "./queries";

const route = getRouteApi("/registry");
const CLI =
  "vong registry import\nvong registry import /models/qwen2.5-0.5b-instruct.gguf --name qwen --licence Apache-2.0";
const PYTHON = `from vong.client import Client

vong = Client()
job = vong.registry.import_model("shipped:smollm2-135m-instruct")
vong.jobs.wait(job.id)`;

function useColumns(): Column<S["Model"]>[] {
  const t = useMessages().registry;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.list.name,
      width: "minmax(190px, 2fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.name}
        </Text>
      ),
    },
    {
      id: "aliases",
      title: t.list.aliases,
      width: "minmax(150px, 1fr)",
      cell: (one) => <AliasBadges names={Object.keys(one.aliases ?? {})} />,
    },
    { id: "kind", title: t.list.kind, width: "minmax(96px, 0.7fr)", cell: (one) => t.kind[one.newest.kind] },
    {
      id: "newest",
      title: t.list.newest,
      width: "minmax(150px, 1fr)",
      cell: (one) => (
        <span className="mono">
          {one.newest.number} · {one.newest.hash.slice(0, 12)}
        </span>
      ),
    },
    { id: "versions", title: t.list.versions, width: "80px", right: true, cell: (one) => f.number(one.versions) },
    { id: "size", title: t.list.size, width: "96px", right: true, cell: (one) => f.bytes(one.newest.bytes) },
    { id: "licence", title: t.list.licence, width: "120px", cell: (one) => one.newest.licence ?? "–" },
    { id: "when", title: t.list.when, width: "110px", cell: (one) => <When at={one.newest.created_at} /> },
  ];
}

/** The models: what there is, where their aliases point, and a way to bring in another. */
export default function RegistryPage() {
  const { registry: t, app } = useMessages();
  const { job } = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const go = useGo();
  const [importing, setImporting] = useState(false);
  const columns = useColumns();
  const query = useInfiniteQuery(models());
  const rows = query.data?.pages.flat() ?? [];
  const button = (
    <Button size="sm" leftSection={<Download size={15} aria-hidden />} onClick={() => setImporting(true)}>
      {t.import.open}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={app.nav.registry}
        sub={t.list.lead}
        actions={
          rows.length > 0 && (
            <>
              <Button
                size="sm"
                variant="default"
                leftSection={<GitFork size={15} aria-hidden />}
                onClick={() => go({ to: "/registry/lineage" })}
              >
                {t.lineage.title}
              </Button>
              {button}
            </>
          )
        }
      />
      <PageBody>
        <JobOf
          kind="registry.import"
          id={job}
          title={t.import.title}
          onEnd={() => client.invalidateQueries({ queryKey: ["registry"] })}
        />
        {query.isPending ? (
          <Waiting />
        ) : query.isError ? (
          <Failure error={query.error} again={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <EmptyState icon={Boxes} title={t.empty.title} action={button} cli={CLI} python={PYTHON}>
            {t.empty.text}
          </EmptyState>
        ) : (
          <Panel flush>
            <DataGrid
              label={app.nav.registry}
              columns={columns}
              rows={rows}
              rowKey={(one) => one.name}
              onOpen={(one) => go({ to: `/registry/${encodeURIComponent(one.name)}` })}
              more={query.hasNextPage}
              loading={query.isFetchingNextPage}
              onEnd={() => query.fetchNextPage()}
            />
          </Panel>
        )}
      </PageBody>
      <ImportModel
        opened={importing}
        onClose={() => setImporting(false)}
        onStarted={(id) => void navigate({ search: { job: id } })}
      />
    </>
  );
}

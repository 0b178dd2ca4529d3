import { Button, Text } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Boxes, Download, GitFork } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { useNavigateTo } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RunningJob } from "@/components/RunningJob";
import { AliasBadges } from "./AliasBadges";
import { ImportModel } from "./ImportModel";
import { modelsQuery } from "./queries";

const route = getRouteApi("/registry");
const CLI =
  "vong registry import\nvong registry import /models/qwen2.5-0.5b-instruct.gguf --name qwen --licence Apache-2.0";
const PYTHON = `from vong.client import Client

vong = Client()
job = vong.registry.import_model("shipped:smollm2-135m-instruct")
vong.jobs.wait(job.id)`;

function useColumns(): Column<Schema["RegisteredModel"]>[] {
  const t = useMessages().registry;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.list.name,
      width: "minmax(190px, 2fr)",
      cell: (model) => (
        <Text inherit fw={500} truncate>
          {model.name}
        </Text>
      ),
    },
    {
      id: "aliases",
      title: t.list.aliases,
      width: "minmax(150px, 1fr)",
      cell: (model) => <AliasBadges names={Object.keys(model.aliases ?? {})} />,
    },
    { id: "kind", title: t.list.kind, width: "minmax(96px, 0.7fr)", cell: (model) => t.kind[model.newest.kind] },
    {
      id: "newest",
      title: t.list.newest,
      width: "minmax(150px, 1fr)",
      cell: (model) => (
        <span className="mono">
          {model.newest.number} · {model.newest.hash.slice(0, 12)}
        </span>
      ),
    },
    {
      id: "versions",
      title: t.list.versions,
      width: "80px",
      alignRight: true,
      cell: (model) => f.number(model.versions),
    },
    { id: "size", title: t.list.size, width: "96px", alignRight: true, cell: (model) => f.bytes(model.newest.bytes) },
    { id: "licence", title: t.list.licence, width: "120px", cell: (model) => model.newest.licence ?? "–" },
    { id: "when", title: t.list.when, width: "110px", cell: (model) => <RelativeTime at={model.newest.created_at} /> },
  ];
}

/** Show the models with their aliases, and a button to import a base model. */
export default function RegistryPage() {
  const { registry: t, app } = useMessages();
  const { job } = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const navigateTo = useNavigateTo();
  const [isImporting, setIsImporting] = useState(false);
  const columns = useColumns();
  const query = useInfiniteQuery(modelsQuery());
  const rows = query.data?.pages.flat() ?? [];
  const button = (
    <Button size="sm" leftSection={<Download size={15} aria-hidden />} onClick={() => setIsImporting(true)}>
      {t.import.open}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={app.nav.registry}
        subtitle={t.list.lead}
        actions={
          rows.length > 0 && (
            <>
              <Button
                size="sm"
                variant="default"
                leftSection={<GitFork size={15} aria-hidden />}
                onClick={() => navigateTo({ to: "/registry/lineage" })}
              >
                {t.lineage.title}
              </Button>
              {button}
            </>
          )
        }
      />
      <PageBody>
        <RunningJob
          kind="registry.import"
          id={job}
          title={t.import.title}
          onEnd={() => client.invalidateQueries({ queryKey: ["registry"] })}
        />
        {query.isPending ? (
          <LoadingPlaceholder />
        ) : query.isError ? (
          <ErrorAlert error={query.error} onRetry={() => query.refetch()} />
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
              rowKey={(model) => model.name}
              onOpen={(model) => navigateTo({ to: `/registry/${encodeURIComponent(model.name)}` })}
              hasMore={query.hasNextPage}
              loading={query.isFetchingNextPage}
              onEnd={() => query.fetchNextPage()}
            />
          </Panel>
        )}
      </PageBody>
      <ImportModel
        opened={isImporting}
        onClose={() => setIsImporting(false)}
        onStarted={(id) => void navigate({ search: { job: id } })}
      />
    </>
  );
}

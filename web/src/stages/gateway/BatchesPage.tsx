import { Button, Group, List, Modal, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Ban, Download, ListChecks, Plus } from "lucide-react";
import { useState } from "react";
import { fileContentUrl } from "@/api/batches";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { Status } from "@/components/Status";
import { BatchForm } from "./BatchForm";
import { GatewayTabs } from "./GatewayTabs";
import { batchesQuery } from "./queries";

type Batch = Schema["Batch"];
const CLI = "vong gateway batches start night.jsonl";
const PYTHON = `from vong.client import Client

vong = Client()
started = vong.gateway.batches.start("night.jsonl")
print(vong.gateway.batches.wait(started.id).status)`;
/** Status mark for each batch status. */
const STATUS_MARKS: Record<Batch["status"], string> = {
  validating: "queued",
  in_progress: "running",
  finalizing: "running",
  completed: "finished",
  failed: "failed",
  expired: "failed",
  cancelling: "cancelled",
  cancelled: "cancelled",
};
const CANCELLABLE: Batch["status"][] = ["validating", "in_progress"];

/** Show how many requests are completed and how many of them failed. */
function BatchProgress({ batch }: { batch: Batch }) {
  const t = useMessages().batches;
  const f = useFormats();
  const { total = 0, completed = 0, failed: failedCount = 0 } = batch;
  if (!total) return <>–</>;
  const summary = t.progress(f.number(completed + failedCount), f.number(total));
  return (
    <Stack gap={4} w="100%">
      <Text inherit size="xs">
        {summary}
        {failedCount > 0 && (
          <Text span inherit c="dimmed">
            {" · "}
            {t.failedLines(f.number(failedCount))}
          </Text>
        )}
      </Text>
      <Progress.Root size="sm" aria-label={summary}>
        <Progress.Section value={(completed / total) * 100} color="teal" aria-hidden />
        <Progress.Section value={(failedCount / total) * 100} color="red" aria-hidden />
      </Progress.Root>
    </Stack>
  );
}

function CancelBatch({ batch }: { batch: Batch }) {
  const t = useMessages().batches;
  return (
    <RowAction
      title={t.cancelTitle}
      text={t.cancelText}
      label={t.cancel}
      icon={Ban}
      successMessage={t.cancelled}
      invalidates={["gateway", "batches"]}
      action={() => unwrap(api.POST("/api/v1/gateway/batches/{id}/cancel", { params: { path: { id: batch.id } } }))}
    />
  );
}

/** Show the errors of a failed batch. */
function BatchErrors({ batch }: { batch: Batch }) {
  const { batches: t, app } = useMessages();
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button size="compact-xs" variant="subtle" onClick={() => setOpened(true)}>
        {t.errors}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t.wrong}
        size="lg"
        closeButtonProps={{ "aria-label": app.close }}
      >
        <List size="sm">
          {(batch.errors ?? []).map((error) => (
            <List.Item key={`${error.line} ${error.code}`}>
              {error.line ? `${t.line(error.line)}: ` : ""}
              {error.message}
            </List.Item>
          ))}
        </List>
      </Modal>
    </>
  );
}

function BatchActions({ batch }: { batch: Batch }) {
  const t = useMessages().batches;
  const downloadLink = (file: string, label: string) => (
    <Button
      component="a"
      href={fileContentUrl(file)}
      download
      size="compact-xs"
      variant="subtle"
      leftSection={<Download size={12} aria-hidden />}
    >
      {label}
    </Button>
  );
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {batch.output_file && downloadLink(batch.output_file, t.output)}
      {batch.error_file && downloadLink(batch.error_file, t.errors)}
      {batch.errors?.length ? <BatchErrors batch={batch} /> : null}
      {CANCELLABLE.includes(batch.status) && <CancelBatch batch={batch} />}
    </Group>
  );
}

function useColumns(): Column<Batch>[] {
  const t = useMessages().batches;
  const f = useFormats();
  return [
    { id: "when", title: t.when, width: "120px", cell: (batch) => <RelativeTime at={batch.created_at} /> },
    {
      id: "state",
      title: t.state,
      width: "140px",
      cell: (batch) => <Status state={STATUS_MARKS[batch.status]} label={t.states[batch.status]} />,
    },
    { id: "done", title: t.done, width: "minmax(160px, 1.5fr)", cell: (batch) => <BatchProgress batch={batch} /> },
    { id: "endpoint", title: t.endpoint, width: "minmax(160px, 1fr)", cell: (batch) => batch.endpoint },
    { id: "key", title: t.key, width: "minmax(110px, 0.6fr)", cell: (batch) => batch.actor },
    { id: "cost", title: t.cost, width: "100px", alignRight: true, cell: (batch) => f.money(batch.cost) },
    { id: "deeds", title: t.action, width: "250px", alignRight: true, cell: (batch) => <BatchActions batch={batch} /> },
  ];
}

/** Show the batches with progress, cost and results. */
export default function BatchesPage() {
  const { gateway, batches: t, app } = useMessages();
  const [creating, setCreating] = useState(false);
  const query = useQuery(batchesQuery());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.create}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={gateway.tabs.batches}
        subtitle={t.lead}
        breadcrumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={query.data && query.data.length > 0 && button}
      />
      <GatewayTabs />
      <PageBody>
        <QueryBoundary query={query}>
          {(list) =>
            list.length === 0 ? (
              <EmptyState icon={ListChecks} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.emptyText}
              </EmptyState>
            ) : (
              <Panel title={t.title} flush>
                <DataGrid label={t.title} columns={columns} rows={list} rowKey={(batch) => batch.id} />
              </Panel>
            )
          }
        </QueryBoundary>
      </PageBody>
      {creating && <BatchForm onClose={() => setCreating(false)} />}
    </>
  );
}

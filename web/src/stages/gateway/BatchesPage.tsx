import { Button, Group, List, Modal, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Ban, Download, ListChecks, Plus } from "lucide-react";
import { useState } from "react";
import { contentOf } from "@/api/batches";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { RowDeed } from "@/components/RowDeed";
import { Status } from "@/components/Status";
import { When } from "@/components/When";
import { BatchForm } from "./BatchForm";
import { batches } from "./queries";
import { Tabs } from "./Tabs";

type Batch = S["Batch"];
const CLI = "vong gateway batch start night.jsonl";
const PYTHON = `from vong.client import Client

vong = Client()
started = vong.gateway.batches.start("night.jsonl")
print(vong.gateway.batches.wait(started.id).status)`;
/** The word of the marks for each status. */
const MARKS: Record<Batch["status"], string> = {
  validating: "queued",
  in_progress: "running",
  finalizing: "running",
  completed: "finished",
  failed: "failed",
  expired: "failed",
  cancelling: "cancelled",
  cancelled: "cancelled",
};
const LIVE: Batch["status"][] = ["validating", "in_progress"];

/** How many lines are answered, and how many of these failed. */
function Answered({ one }: { one: Batch }) {
  const t = useMessages().batches;
  const f = useFormats();
  const { total = 0, completed = 0, failed: bad = 0 } = one;
  if (!total) return <>–</>;
  const said = t.of(f.number(completed + bad), f.number(total));
  return (
    <Stack gap={4} w="100%">
      <Text inherit size="xs">
        {said}
        {bad > 0 && (
          <Text span inherit c="dimmed">
            {" · "}
            {t.failedLines(f.number(bad))}
          </Text>
        )}
      </Text>
      <Progress.Root size="sm" aria-label={said}>
        <Progress.Section value={(completed / total) * 100} color="teal" aria-hidden />
        <Progress.Section value={(bad / total) * 100} color="red" aria-hidden />
      </Progress.Root>
    </Stack>
  );
}

function Cancel({ one }: { one: Batch }) {
  const t = useMessages().batches;
  return (
    <RowDeed
      title={t.cancelTitle}
      text={t.cancelText}
      label={t.cancel}
      icon={Ban}
      said={t.cancelled}
      stale={["gateway", "batches"]}
      deed={() => ok(api.POST("/api/v1/gateway/batches/{id}/cancel", { params: { path: { id: one.id } } }))}
    />
  );
}

/** What is wrong with the file of a batch that failed. */
function Wrong({ one }: { one: Batch }) {
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
          {(one.errors ?? []).map((fault) => (
            <List.Item key={`${fault.line} ${fault.code}`}>
              {fault.line ? `${t.line(fault.line)}: ` : ""}
              {fault.message}
            </List.Item>
          ))}
        </List>
      </Modal>
    </>
  );
}

function Deeds({ one }: { one: Batch }) {
  const t = useMessages().batches;
  const link = (file: string, label: string) => (
    <Button
      component="a"
      href={contentOf(file)}
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
      {one.output_file && link(one.output_file, t.output)}
      {one.error_file && link(one.error_file, t.errors)}
      {one.errors?.length ? <Wrong one={one} /> : null}
      {LIVE.includes(one.status) && <Cancel one={one} />}
    </Group>
  );
}

function useColumns(): Column<Batch>[] {
  const t = useMessages().batches;
  const f = useFormats();
  return [
    { id: "when", title: t.when, width: "120px", cell: (one) => <When at={one.created_at} /> },
    {
      id: "state",
      title: t.state,
      width: "140px",
      cell: (one) => <Status state={MARKS[one.status]} label={t.states[one.status]} />,
    },
    { id: "done", title: t.done, width: "minmax(160px, 1.5fr)", cell: (one) => <Answered one={one} /> },
    { id: "endpoint", title: t.endpoint, width: "minmax(160px, 1fr)", cell: (one) => one.endpoint },
    { id: "key", title: t.key, width: "minmax(110px, 0.6fr)", cell: (one) => one.actor },
    { id: "cost", title: t.cost, width: "100px", right: true, cell: (one) => f.money(one.cost) },
    { id: "deeds", title: t.action, width: "250px", right: true, cell: (one) => <Deeds one={one} /> },
  ];
}

/** Batches: how far each is, what it cost, and its answers. */
export default function BatchesPage() {
  const { gateway, batches: t, app } = useMessages();
  const [making, setMaking] = useState(false);
  const query = useQuery(batches());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      {t.make}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={gateway.tabs.batches}
        sub={t.lead}
        crumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={query.data && query.data.length > 0 && button}
      />
      <Tabs />
      <PageBody>
        <Await query={query}>
          {(found) =>
            found.length === 0 ? (
              <EmptyState icon={ListChecks} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.emptyText}
              </EmptyState>
            ) : (
              <Panel title={t.title} flush>
                <DataGrid label={t.title} columns={columns} rows={found} rowKey={(one) => one.id} />
              </Panel>
            )
          }
        </Await>
      </PageBody>
      {making && <BatchForm onClose={() => setMaking(false)} />}
    </>
  );
}

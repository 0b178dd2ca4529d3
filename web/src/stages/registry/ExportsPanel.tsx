import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Archive, BookmarkPlus, Download, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { type Column, DataGrid } from "@/components/DataGrid";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { RunningJob } from "@/components/RunningJob";
import { ExportForm } from "./ExportForm";
import { compressionsQuery, exportsQuery } from "./queries";

type Export = Schema["ModelExport"];
const JOB_KINDS = ["registry.export", "registry.compress", "registry.keep"] as const;

function ParityText({ parity }: { parity: Export["parity"] }) {
  const t = useMessages().registry.exports;
  const f = useFormats();
  if (!parity) return <>{t.notCompared}</>;
  const difference = f.number(parity.largest_difference ?? 0, 4);
  const detail = [
    `${parity.computed_by}: ${parity.reason ?? t.equal}`,
    t.greedy(String(parity.greedy_equal ?? 0), String(parity.conversations)),
    parity.prompt_difference ?? "",
  ];
  return (
    <Tooltip label={detail.filter(Boolean).join(" · ")} multiline maw={420}>
      <Text size="sm" c={parity.equal ? undefined : "orange"} component="span">
        {parity.equal ? t.equal : t.differs} ({difference})
      </Text>
    </Tooltip>
  );
}

type Original = { candidate: string; bytes: number; memory_bytes?: number; tokens_per_second?: number; loss?: number };

/** Show what the newest compression measured of the version itself. */
function OriginalMeasurement({ versionRef }: { versionRef: string }) {
  const t = useMessages().registry.exports;
  const f = useFormats();
  const jobs = useQuery(compressionsQuery);
  const newest = jobs.data?.find(
    (job) => job.status === "finished" && (job.params as { model?: string }).model === versionRef,
  );
  const candidates = (newest?.result as { candidates?: Original[] } | null | undefined)?.candidates;
  const original = candidates?.find((one) => one.candidate === "original");
  if (!original) return null;
  return (
    <Text size="sm" c="dimmed" px="md" py="xs">
      {t.original(
        f.bytes(original.bytes),
        f.bytes(original.memory_bytes),
        f.number(original.tokens_per_second, 1),
        f.number(original.loss, 3),
      )}
    </Text>
  );
}

function useRowActions() {
  const t = useMessages().registry.exports;
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["registry"] });
  const remove = useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/v1/registry/exports/{id}", { params: { path: { id } } })),
    onSuccess: refresh,
    onError: notifyError,
  });
  const keep = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.POST("/api/v1/registry/exports/{id}/keep", { params: { path: { id } }, body: {} })),
    onSuccess: () => {
      notifySuccess(t.keeping);
      void client.invalidateQueries({ queryKey: ["jobs", "registry.keep"] });
    },
    onError: notifyError,
  });
  return { remove, keep, refresh };
}

function useColumns(actions: ReturnType<typeof useRowActions>): Column<Export>[] {
  const t = useMessages().registry.exports;
  const app = useMessages().app;
  const f = useFormats();
  const measured = (value: number | null | undefined, digits: number) =>
    typeof value === "number" ? f.number(value, digits) : "–";
  return [
    {
      id: "format",
      title: t.format,
      width: "minmax(110px, 1fr)",
      cell: (one) => (one.quantization ? `${one.format} ${one.quantization}` : one.format),
    },
    { id: "size", title: t.size, width: "80px", alignRight: true, cell: (one) => f.bytes(one.bytes) },
    { id: "parity", title: t.parity, width: "minmax(140px, 1fr)", cell: (one) => <ParityText parity={one.parity} /> },
    {
      id: "memory",
      title: t.memory,
      width: "84px",
      alignRight: true,
      cell: (one) => f.bytes(one.measurement?.memory_bytes),
    },
    {
      id: "speed",
      title: t.speed,
      width: "80px",
      alignRight: true,
      cell: (one) => measured(one.measurement?.tokens_per_second, 1),
    },
    { id: "loss", title: t.loss, width: "70px", alignRight: true, cell: (one) => measured(one.measurement?.loss, 3) },
    {
      id: "actions",
      title: t.actions,
      width: "120px",
      cell: (one) => (
        <Group gap={2} wrap="nowrap">
          <Tooltip label={t.download}>
            <ActionIcon
              component="a"
              href={`/api/v1/registry/exports/${one.id}/archive`}
              download
              variant="subtle"
              color="gray"
              aria-label={t.download}
            >
              <Download size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t.keep}>
            <ActionIcon variant="subtle" color="gray" aria-label={t.keep} onClick={() => actions.keep.mutate(one.id)}>
              <BookmarkPlus size={16} />
            </ActionIcon>
          </Tooltip>
          <Confirm
            title={t.removeTitle}
            text={t.removeText}
            label={app.delete}
            onConfirm={() => actions.remove.mutate(one.id)}
          >
            {(openDialog) => (
              <Tooltip label={app.delete}>
                <ActionIcon variant="subtle" color="gray" aria-label={app.delete} onClick={openDialog}>
                  <Trash2 size={16} />
                </ActionIcon>
              </Tooltip>
            )}
          </Confirm>
        </Group>
      ),
    },
  ];
}

/** Show the exports of a version with their comparison with the trainer, and buttons to export, keep and delete. */
export function ExportsPanel({ version, versionRef }: { version: Schema["ModelVersion"]; versionRef: string }) {
  const t = useMessages().registry.exports;
  const [isOpen, setIsOpen] = useState(false);
  const query = useQuery(exportsQuery(versionRef));
  const actions = useRowActions();
  const columns = useColumns(actions);
  const client = useQueryClient();
  const rows = query.data ?? [];
  return (
    <Panel
      title={t.title}
      flush={rows.length > 0}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<Archive size={14} aria-hidden />}
          onClick={() => setIsOpen(true)}
        >
          {t.open}
        </Button>
      }
    >
      {JOB_KINDS.map((kind) => (
        <RunningJob
          key={kind}
          kind={kind}
          title={t.jobs[kind]}
          matches={(job) => kind === "registry.keep" || (job.params as { model?: string }).model === versionRef}
          onEnd={actions.refresh}
        />
      ))}
      {rows.length > 0 ? (
        <>
          <DataGrid label={t.title} columns={columns} rows={rows} rowKey={(one) => one.id} />
          <OriginalMeasurement versionRef={versionRef} />
        </>
      ) : (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      {isOpen && (
        <ExportForm
          version={version}
          versionRef={versionRef}
          onClose={() => {
            setIsOpen(false);
            for (const kind of JOB_KINDS) void client.invalidateQueries({ queryKey: ["jobs", kind] });
          }}
        />
      )}
    </Panel>
  );
}

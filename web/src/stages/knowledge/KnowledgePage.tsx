import { Button, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Library, Plus } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { FileDrop } from "./documents/Upload";
import { splitIntoBatches } from "./documents/upload";
import { basesQuery, ingest, uploadFiles } from "./queries";

const CLI = "vong knowledge upload handbook docs/*.md";
const PYTHON = `from pathlib import Path
from vong.client import Client

Client().knowledge.upload("handbook", [Path("docs/care.md")])`;

function NewBase({ onClose }: { onClose: () => void }) {
  const { app, knowledge: t } = useMessages();
  const navigate = useNavigate();
  const [name, setName] = useState("handbook");
  const [files, setFiles] = useState<File[]>([]);
  const create = useMutation({
    mutationFn: async () => {
      const ids: string[] = [];
      for (const batch of splitIntoBatches(files)) {
        ids.push(...(await uploadFiles(name.trim(), batch)).map((document) => document.id));
      }
      return ingest(name.trim(), ids);
    },
    onSuccess: (job) => navigate({ to: "/knowledge/$base", params: { base: name.trim() }, search: { job: job.id } }),
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.new} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t.name}
            description={t.nameHint}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FileDrop onFiles={(newFiles) => setFiles((previous) => [...previous, ...newFiles])} />
          {files.length > 0 && (
            <Text size="sm" c="dimmed">
              {t.files}: {files.map((file) => file.name).join(", ")}
            </Text>
          )}
        </Stack>
        <FormActions
          label={t.create}
          disabled={!files.length || !name.trim()}
          loading={create.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

function useColumns(): Column<Schema["KnowledgeBase"]>[] {
  const t = useMessages().knowledge;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.base,
      width: "minmax(160px, 1fr)",
      cell: (base) => (
        <Text inherit fw={500} truncate>
          {base.name}
        </Text>
      ),
    },
    { id: "documents", title: t.documents, width: "110px", alignRight: true, cell: (base) => f.number(base.documents) },
    { id: "passages", title: t.passages, width: "110px", alignRight: true, cell: (base) => f.number(base.chunks) },
    { id: "embedder", title: t.embedder, width: "minmax(160px, 1fr)", cell: (base) => base.embedder },
    {
      id: "updated",
      title: t.updated,
      width: "130px",
      alignRight: true,
      cell: (base) => <RelativeTime at={base.updated_at} />,
    },
  ];
}

/** Show the knowledge bases. */
export default function KnowledgePage() {
  const { app, knowledge: t } = useMessages();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const query = useQuery(basesQuery());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.new}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.knowledge} subtitle={t.lead} actions={query.data && query.data.length > 0 && button} />
      <QueryBoundary query={query}>
        {(list) =>
          list.length ? (
            <DataGrid
              label={app.nav.knowledge}
              columns={columns}
              rows={list}
              rowKey={(base) => base.name}
              onOpen={(base) => navigate({ to: "/knowledge/$base", params: { base: base.name } })}
            />
          ) : (
            <EmptyState icon={Library} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
              {t.emptyText}
            </EmptyState>
          )
        }
      </QueryBoundary>
      {creating && <NewBase onClose={() => setCreating(false)} />}
    </>
  );
}

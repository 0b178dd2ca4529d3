import { Button, Checkbox, FileButton, Modal, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Pause, Pencil, Play, RefreshCw, Trash2, Upload } from "lucide-react";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { syncSource, updateSource, uploadArchive } from "./queries";
import { SourceForm } from "./SourceForm";
import { isSyncing, type Source } from "./sourceForm";

function DeleteDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { knowledgeSources: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [keep, setKeep] = useState(false);
  const { base, name } = source;
  const remove = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/knowledge/bases/{base}/sources/{name}", {
          params: { path: { base, name }, query: { keep_documents: keep } },
        }),
      ),
    onSuccess: () => {
      notifySuccess(t.deleted(name));
      void navigate({ to: "/knowledge/$base", params: { base }, search: { tab: "sources" } });
      client.removeQueries({ queryKey: ["knowledge", "source", base, name] });
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.deleteTitle(name)} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          remove.mutate();
        }}
      >
        <Text size="sm" mb="sm">
          {t.deleteText(f.number(source.documents))}
        </Text>
        <Checkbox label={t.keep} checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
        <FormActions label={t.delete} color="red" loading={remove.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

/** Show the actions of a source: sync, pause, settings, replace the export, delete. */
export function SourceActions({ source }: { source: Source }) {
  const t = useMessages().knowledgeSources;
  const client = useQueryClient();
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const { base, name, kind, paused, every_hours } = source;
  const close = () => setDialog(null);
  const act = useMutation({
    mutationFn: (action: () => Promise<unknown>) => action(),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
  const replaceArchive = async (file: File) => {
    await uploadArchive(base, name, file);
    await syncSource(base, name);
  };
  return (
    <>
      <Button
        size="xs"
        leftSection={<RefreshCw size={14} aria-hidden />}
        disabled={isSyncing(source)}
        loading={act.isPending}
        onClick={() => act.mutate(() => syncSource(base, name))}
      >
        {t.sync}
      </Button>
      {kind === "notion_export" ? (
        <FileButton accept=".zip,application/zip" onChange={(file) => file && act.mutate(() => replaceArchive(file))}>
          {(props) => (
            <Button {...props} size="xs" variant="default" leftSection={<Upload size={14} aria-hidden />}>
              {t.uploadArchive}
            </Button>
          )}
        </FileButton>
      ) : (
        <Button
          size="xs"
          variant="default"
          leftSection={<Pencil size={13} aria-hidden />}
          onClick={() => setDialog("edit")}
        >
          {t.edit}
        </Button>
      )}
      {every_hours && (
        <Button
          size="xs"
          variant="default"
          leftSection={paused ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
          onClick={() => act.mutate(() => updateSource(base, name, { paused: !paused }))}
        >
          {paused ? t.resume : t.pause}
        </Button>
      )}
      <Button
        size="xs"
        variant="light"
        color="red"
        leftSection={<Trash2 size={13} aria-hidden />}
        onClick={() => setDialog("delete")}
      >
        {t.delete}
      </Button>
      {dialog === "edit" && <SourceForm base={base} source={source} onClose={close} onDone={close} />}
      {dialog === "delete" && <DeleteDialog source={source} onClose={close} />}
    </>
  );
}

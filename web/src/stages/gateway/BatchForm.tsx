import { FileInput, Modal, Select, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ENDPOINTS, startBatch } from "@/api/batches";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";

const WINDOWS = ["1h", "24h", "7d"] as const;

/** Show a form that uploads a file of requests and starts a batch. */
export function BatchForm({ onClose }: { onClose: () => void }) {
  const { batches: t, app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { file: null as File | null, endpoint: ENDPOINTS[0] as string, window: "24h" },
    validate: { file: (value) => (value ? null : t.required) },
  });
  const start = useMutation({
    mutationFn: ({ file, endpoint, window }: typeof form.values) => startBatch(file as File, endpoint, window),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway", "batches"] });
      notifySuccess(t.started);
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.create} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
        <Stack gap="sm">
          <FileInput
            label={t.file}
            description={t.fileHint}
            placeholder={t.choose}
            accept=".jsonl,application/jsonl,application/json,text/plain"
            {...form.getInputProps("file")}
          />
          <Select label={t.endpoint} allowDeselect={false} data={[...ENDPOINTS]} {...form.getInputProps("endpoint")} />
          <Select
            label={t.window}
            description={t.windowHint}
            allowDeselect={false}
            data={WINDOWS.map((value) => ({ value, label: t.windows[value] }))}
            {...form.getInputProps("window")}
          />
        </Stack>
        <FormActions label={t.submit} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

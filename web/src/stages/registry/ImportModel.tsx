import { Modal, SegmentedControl, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";

const SHIPPED_MODEL = "shipped:smollm2-135m-instruct";

/** Show a form that imports a base model. Passes the job's id to `onStarted`. */
export function ImportModel({
  opened,
  onClose,
  onStarted,
}: {
  opened: boolean;
  onClose: () => void;
  onStarted: (job: string) => void;
}) {
  const t = useMessages().registry.import;
  const app = useMessages().app;
  const form = useForm({
    initialValues: { from: "shipped", path: "", name: "", licence: "", convert: true },
    validate: {
      path: (value, values) => (values.from === "path" && !value.trim() ? t.required : null),
      name: (value, values) => (values.from === "path" && !value.trim() ? t.required : null),
    },
  });
  const start = useMutation({
    mutationFn: ({ from, path, name, licence, convert }: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/registry/models", {
          body:
            from === "shipped"
              ? { source: SHIPPED_MODEL, convert }
              : { source: path.trim(), name: name.trim(), licence: licence.trim() || null, convert },
        }),
      ),
    onSuccess: (job) => {
      onClose();
      onStarted(job.id);
    },
    onError: notifyError,
  });
  const isPath = form.values.from === "path";
  return (
    <Modal opened={opened} onClose={onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
        <Stack gap="sm">
          <SegmentedControl
            aria-label={t.source}
            fullWidth
            data={[
              { value: "shipped", label: t.bundled },
              { value: "path", label: t.path },
            ]}
            {...form.getInputProps("from")}
          />
          {isPath ? (
            <>
              <TextInput
                label={t.file}
                description={t.fileHint}
                placeholder="/models/qwen2.5-0.5b-instruct.gguf"
                data-autofocus
                {...form.getInputProps("path")}
              />
              <TextInput label={app.name} placeholder="qwen2.5-0.5b-instruct" {...form.getInputProps("name")} />
              <TextInput label={t.licence} placeholder="Apache-2.0" {...form.getInputProps("licence")} />
            </>
          ) : (
            <Text size="sm" c="dimmed">
              {t.bundledHint}
            </Text>
          )}
          <Switch
            label={t.convert}
            description={t.convertHint}
            {...form.getInputProps("convert", { type: "checkbox" })}
          />
        </Stack>
        <FormActions label={t.submit} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

import { Alert, FileInput, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { syncSource, updateSource, uploadArchive } from "./queries";
import { SourceFields } from "./SourceFields";
import {
  KINDS,
  SETTINGS,
  type Source,
  type SourceInput,
  sourceErrors,
  sourceInput,
  sourceSettings,
} from "./sourceForm";

type Props = { base: string; source?: Source; onClose: () => void; onDone: (name: string) => void };

/** Create or change a source on the server. A new one is synced at once. */
async function saveSource(base: string, source: Source | undefined, values: SourceInput, archive: File | null) {
  const every_hours = values.every && values.kind !== "notion_export" ? Number(values.every) : null;
  const secret = values.secret ? { secret: values.secret } : {};
  const settings = sourceSettings(values);
  if (source) return (await updateSource(base, source.name, { settings, every_hours, ...secret })).name;
  const name = values.name.trim();
  await unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/sources", {
      params: { path: { base } },
      body: { name, kind: values.kind, settings, every_hours, ...secret },
    }),
  );
  if (archive) await uploadArchive(base, name, archive);
  await syncSource(base, name);
  return name;
}

/** Show the form that creates or changes a source. Errors of the server are shown at their fields. */
export function SourceForm({ base, source, onClose, onDone }: Props) {
  const { knowledgeSources: t, app } = useMessages();
  const client = useQueryClient();
  const [archive, setArchive] = useState<File | null>(null);
  const form = useForm<SourceInput>({
    initialValues: sourceInput(source),
    validate: {
      name: (value) => (value.trim() ? null : t.required),
      url: (value, { kind }) => (SETTINGS[kind].includes("url") && !value.trim() ? t.required : null),
      path: (value, { kind }) => (SETTINGS[kind].includes("path") && !value.trim() ? t.required : null),
      secret: (value, { kind }) => (kind === "notion" && !source?.secret_set && !value.trim() ? t.required : null),
    },
  });
  const { kind } = form.values;
  const needsArchive = kind === "notion_export" && !source;
  const save = useMutation({
    mutationFn: (values: SourceInput) => saveSource(base, source, values, archive),
    onSuccess: onDone,
    onError: (error) => form.setErrors(sourceErrors(error, kind)),
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
  const unplaced = save.error && Object.keys(sourceErrors(save.error, kind)).length === 0 ? save.error : null;
  return (
    <Modal
      opened
      onClose={onClose}
      title={source ? source.name : t.add}
      size="lg"
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          {!source && (
            <>
              <Select
                label={t.kind}
                description={t.kindHints[kind]}
                allowDeselect={false}
                data={KINDS.map((value) => ({ value, label: t.kinds[value] }))}
                {...form.getInputProps("kind")}
              />
              <TextInput label={t.name} description={t.nameHint} data-autofocus {...form.getInputProps("name")} />
            </>
          )}
          {needsArchive && (
            <FileInput
              label={t.fields.archive}
              description={t.fields.archiveHint}
              accept=".zip,application/zip"
              value={archive}
              onChange={setArchive}
            />
          )}
          <SourceFields form={form} secretSet={source?.secret_set ?? false} />
          {unplaced && (
            <Alert color="red" role="alert" title={unplaced.message}>
              {unplaced instanceof ApiError ? unplaced.hint : null}
            </Alert>
          )}
        </Stack>
        <FormActions
          label={source ? t.save : t.create}
          loading={save.isPending}
          disabled={needsArchive && !archive}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

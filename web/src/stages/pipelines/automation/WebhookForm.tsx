import { Alert, Autocomplete, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "@/components/Code";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { showFieldErrors } from "@/components/fieldErrors";
import { SaveError } from "@/components/SaveError";
import type { Fields, Value } from "../model/definition";
import { ValueInput } from "../panel/FieldInput";
import { labelsQuery } from "../queries";

const SIGNATURES = ["standard", "github", "none"] as const;
const FIELDS = { name: "name", signature: "signature", url: "url", version: "version", inputs: "inputs" } as const;

/** Create a webhook, then show its address and its secret, which cannot be shown again. */
export function WebhookForm({ name, onClose }: { name: string; onClose: () => void }) {
  const { app, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.webhooks;
  const client = useQueryClient();
  const labels = useQuery(labelsQuery(name)).data ?? [];
  const form = useForm({
    initialValues: { name: "", signature: "standard", url: "", version: "", inputs: {} as Fields },
  });
  const create = useMutation({
    mutationFn: (values: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/pipelines/{name}/webhooks", {
          params: { path: { name } },
          body: {
            name: values.name.trim(),
            signature: values.signature,
            url: values.url.trim() || null,
            version: values.version.trim() || null,
            inputs: values.inputs,
          } as Schema["WebhookCreate"],
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines", "webhooks", name] }),
    onError: (error) => showFieldErrors(form, error, FIELDS),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={create.data ? t.created(create.data.webhook.name) : t.new}
      size="lg"
      closeOnClickOutside={!create.data}
      closeButtonProps={{ "aria-label": app.close }}
    >
      {create.data ? (
        <Created created={create.data} onClose={onClose} />
      ) : (
        <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
          <Stack gap="sm">
            <TextInput
              label={pipelineAutomation.name}
              description={pipelineAutomation.nameHint}
              required
              data-autofocus
              {...form.getInputProps("name")}
            />
            <FieldRow>
              <Select
                label={t.signature}
                allowDeselect={false}
                data={SIGNATURES.map((value) => ({ value, label: t.signatures[value] }))}
                {...form.getInputProps("signature")}
              />
              <Autocomplete
                label={pipelineAutomation.version}
                placeholder={pipelineAutomation.versionHint}
                data={labels.map((label) => label.label)}
                {...form.getInputProps("version")}
              />
            </FieldRow>
            <TextInput
              label={t.url}
              description={t.urlHint}
              placeholder="https://shop.example/results"
              {...form.getInputProps("url")}
            />
            <ValueInput
              spec={{
                name: pipelineAutomation.inputs,
                kind: "value",
                required: false,
                description: t.inputsHint,
              }}
              value={form.values.inputs}
              onChange={(value: Value) => form.setFieldValue("inputs", (value ?? {}) as Fields)}
              suggestions={[]}
              names={{}}
              error={form.errors.inputs as string | undefined}
            />
            {create.error && (
              <SaveError error={create.error} title={t.notCreated} hasFields={Object.keys(form.errors).length > 0} />
            )}
          </Stack>
          <FormActions label={t.create} loading={create.isPending} onCancel={onClose} />
        </form>
      )}
    </Modal>
  );
}

function Created({ created, onClose }: { created: Schema["NewWebhook"]; onClose: () => void }) {
  const t = useMessages().pipelineAutomation.webhooks;
  return (
    <Stack gap="sm">
      <Alert variant="outline" color="yellow" p="xs">
        {t.once}
      </Alert>
      {(
        [
          [t.address, created.url],
          [t.secret, created.secret],
        ] as const
      ).map(([label, text]) => (
        <div key={label}>
          <Text size="sm" fw={500} mb={4}>
            {label}
          </Text>
          <CodeBlock text={text} label={label} wrap />
        </div>
      ))}
      <Group justify="flex-end">
        <Button onClick={onClose}>{t.done}</Button>
      </Group>
    </Stack>
  );
}

import { Autocomplete, FileInput, Group, Modal, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FineTuningMethod, startFineTuning } from "@/api/fineTuning";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { choicesQuery } from "../queries";
import { FINE_TUNING } from "./queries";

const METHODS = ["supervised", "dpo"] as const;

/** Show a form that uploads a file of rows and starts a fine-tuning job. */
export function FineTuningForm({ onClose }: { onClose: () => void }) {
  const { fineTuning: t, app } = useMessages();
  const client = useQueryClient();
  const navigate = useNavigate();
  const models = useQuery(choicesQuery).data?.models ?? [];
  const bases = models.filter((model) => model.newest.format === "safetensors").map((model) => model.name);
  const form = useForm({
    initialValues: {
      file: null as File | null,
      model: "smollm2-135m-instruct",
      method: "supervised" as FineTuningMethod,
      epochs: "" as number | "",
      suffix: "",
    },
    validate: {
      file: (value) => (value ? null : t.form.required),
      model: (value) => (value.trim() ? null : t.form.required),
    },
  });
  const start = useMutation({
    mutationFn: (values: typeof form.values) =>
      startFineTuning({ ...values, file: values.file as File, epochs: values.epochs || undefined }),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: FINE_TUNING });
      notifySuccess(t.form.started);
      void navigate({ to: "/training/fine-tuning/$id", params: { id: job.id } });
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.create} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
        <Stack gap="sm">
          <FileInput
            label={t.form.file}
            description={t.form.fileHint}
            placeholder={t.form.choose}
            accept=".jsonl,application/jsonl,application/json,text/plain"
            {...form.getInputProps("file")}
          />
          <Autocomplete label={t.model} description={t.form.modelHint} data={bases} {...form.getInputProps("model")} />
          <Select
            label={t.method}
            allowDeselect={false}
            data={METHODS.map((value) => ({ value, label: t.methods[value] }))}
            {...form.getInputProps("method")}
          />
          <Group grow align="flex-start">
            <NumberInput
              label={t.form.epochs}
              description={t.form.epochsHint}
              min={1}
              max={100}
              allowDecimal={false}
              {...form.getInputProps("epochs")}
            />
            <TextInput label={t.form.suffix} description={t.form.suffixHint} {...form.getInputProps("suffix")} />
          </Group>
        </Stack>
        <FormActions label={t.form.submit} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

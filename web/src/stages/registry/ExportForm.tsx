import { Modal, MultiSelect, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";

const FORMATS = ["safetensors", "merged", "gguf", "vllm", "ollama", "int8", "int4"] as const;
const LEVELS = ["f32", "f16", "bf16", "q8_0", "q6_k", "q5_k_m", "q5_0", "q4_k_m", "q4_0", "q3_k_m", "q2_k"];
const CANDIDATES = ["int8", "int4", "gguf:q8_0", "gguf:q6_k", "gguf:q5_k_m", "gguf:q4_k_m", "gguf:q4_0", "gguf:q2_k"];
const LOSS_ROWS = 20;
type Format = (typeof FORMATS)[number];

/** Show a form that exports a version, or builds and measures compressed candidates of it. */
export function ExportForm({
  version,
  versionRef,
  onClose,
}: {
  version: Schema["ModelVersion"];
  versionRef: string;
  onClose: () => void;
}) {
  const t = useMessages().registry.exports;
  const app = useMessages().app;
  const form = useForm({
    initialValues: {
      action: "export",
      format: "gguf" as Format,
      quantization: "q8_0",
      to: ["gguf:q8_0", "gguf:q4_k_m"],
      dataset: version.dataset ?? "",
    },
    validate: { to: (value, values) => (values.action === "compress" && value.length === 0 ? t.required : null) },
  });
  const start = useMutation({
    mutationFn: ({ action, format, quantization, to, dataset }: typeof form.values) => {
      const params = { path: { ref: versionRef } };
      if (action === "compress")
        return unwrap(
          api.POST("/api/v1/registry/versions/{ref}/compressions", {
            params,
            body: { to, dataset: dataset.trim() || null, rows: LOSS_ROWS },
          }),
        );
      const isGguf = format === "gguf" || format === "ollama";
      return unwrap(
        api.POST("/api/v1/registry/versions/{ref}/exports", {
          params,
          body: { format, quantization: isGguf ? quantization : null },
        }),
      );
    },
    onSuccess: onClose,
    onError: notifyError,
  });
  const { action, format } = form.values;
  return (
    <Modal opened onClose={onClose} title={t.open} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
        <Stack gap="sm">
          <SegmentedControl
            aria-label={t.action}
            fullWidth
            data={[
              { value: "export", label: t.export },
              { value: "compress", label: t.compress },
            ]}
            {...form.getInputProps("action")}
          />
          {action === "export" ? (
            <>
              <Select
                label={t.format}
                description={t.formats[format]}
                data={[...FORMATS]}
                allowDeselect={false}
                {...form.getInputProps("format")}
              />
              {(format === "gguf" || format === "ollama") && (
                <Select
                  label={t.quantization}
                  data={LEVELS}
                  allowDeselect={false}
                  {...form.getInputProps("quantization")}
                />
              )}
            </>
          ) : (
            <>
              <MultiSelect label={t.candidates} data={CANDIDATES} {...form.getInputProps("to")} />
              <TextInput label={t.dataset} description={t.datasetHint} {...form.getInputProps("dataset")} />
            </>
          )}
        </Stack>
        <FormActions label={action === "export" ? t.export : t.compress} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

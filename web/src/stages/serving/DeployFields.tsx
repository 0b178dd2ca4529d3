import { MultiSelect, NumberInput, Select, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { FieldRow } from "@/components/FormSection";
import type { Values } from "./deployValues";
import { evaluationOptionsQuery } from "./queries";

/** Show the fields of the evaluation after the deployment. */
export function EvaluationFields({ form }: { form: UseFormReturnType<Values> }) {
  const t = useMessages().serving.form;
  const options = useQuery(evaluationOptionsQuery()).data;
  const selected = options?.datasets.find((dataset) => dataset.name === form.values.dataset);
  return (
    <Stack gap="sm">
      <FieldRow>
        <Select
          label={t.dataset}
          description={t.datasetHint}
          data={[{ value: "", label: t.none }, ...(options?.datasets ?? []).map((dataset) => dataset.name)]}
          searchable
          allowDeselect={false}
          disabled={Boolean(form.values.suite)}
          {...form.getInputProps("dataset")}
        />
        <TextInput label={t.suite} description={t.suiteHint} {...form.getInputProps("suite")} />
      </FieldRow>
      {selected && !form.values.suite && (
        <FieldRow>
          <Select
            label={t.split}
            data={Object.keys(selected.splits ?? {})}
            allowDeselect={false}
            {...form.getInputProps("split")}
          />
          <MultiSelect
            label={t.scorers}
            data={(options?.scorers ?? []).map((scorer) => scorer.name)}
            searchable
            {...form.getInputProps("scorers")}
          />
        </FieldRow>
      )}
    </Stack>
  );
}

/** Show the fields that apply to requests without them, and the chat template. */
export function DefaultFields({ form }: { form: UseFormReturnType<Values> }) {
  const t = useMessages().serving.form;
  return (
    <Stack gap="sm">
      <FieldRow>
        <NumberInput
          label={t.temperature}
          description={t.temperatureHint}
          min={0}
          max={2}
          step={0.1}
          {...form.getInputProps("temperature")}
        />
        <NumberInput
          label={t.topP}
          description={t.topPHint}
          min={0}
          max={1}
          step={0.05}
          {...form.getInputProps("topP")}
        />
      </FieldRow>
      <FieldRow>
        <NumberInput
          label={t.maxTokens}
          description={t.maxTokensHint}
          min={1}
          allowDecimal={false}
          {...form.getInputProps("maxTokens")}
        />
        <NumberInput label={t.seed} description={t.seedHint} allowDecimal={false} {...form.getInputProps("seed")} />
      </FieldRow>
      <TagsInput label={t.stop} description={t.stopHint} {...form.getInputProps("stop")} />
      <Textarea
        label={t.system}
        description={t.systemHint}
        autosize
        minRows={2}
        maxRows={8}
        {...form.getInputProps("system")}
      />
      <Textarea
        label={t.template}
        description={t.templateHint}
        autosize
        minRows={2}
        maxRows={12}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }}
        {...form.getInputProps("template")}
      />
    </Stack>
  );
}

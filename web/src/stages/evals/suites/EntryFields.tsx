import { ActionIcon, Autocomplete, NumberInput, SimpleGrid, Stack, TagsInput } from "@mantine/core";
import { Trash2 } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import { ScorerPicker } from "../ScorerPicker";
import type { SuiteForm } from "./entryForm";
import { ThresholdFields } from "./ThresholdFields";

type Props = {
  form: SuiteForm;
  index: number;
  datasets: Schema["DatasetVersion"][];
  scorers: Schema["ScorerInfo"][];
};

/** Edit one entry of a suite: a dataset split with scorers, slices, repeats and thresholds. */
export function EntryFields({ form, index, datasets, scorers }: Props) {
  const { suites: t, evals } = useMessages();
  const entry = form.values.entries[index];
  if (!entry) return null;
  const path = `entries.${index}`;
  const dataset = datasets.find((one) => one.name === entry.dataset.split("@")[0]);
  const remove = form.values.entries.length > 1 && (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={t.removeEntry(String(index + 1))}
      onClick={() => form.removeListItem("entries", index)}
    >
      <Trash2 size={15} aria-hidden />
    </ActionIcon>
  );
  return (
    <Panel title={t.entry(String(index + 1))} actions={remove}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <Autocomplete
            label={t.dataset}
            data={datasets.map((one) => `${one.name}@${one.number}`)}
            {...form.getInputProps(`${path}.dataset`)}
          />
          <Autocomplete
            label={t.split}
            data={Object.keys(dataset?.splits ?? {})}
            {...form.getInputProps(`${path}.split`)}
          />
        </SimpleGrid>
        <ScorerPicker
          scorers={scorers}
          value={entry.scorers}
          onChange={(chosen) => form.setFieldValue(`${path}.scorers`, chosen)}
        />
        <TagsInput
          label={t.slices}
          description={t.slicesHint}
          data={["language", "length", "label"]}
          {...form.getInputProps(`${path}.slices`)}
        />
        <SimpleGrid cols={2} spacing="md">
          <NumberInput label={t.repeats} min={1} max={20} {...form.getInputProps(`${path}.repeats`)} />
          <NumberInput label={evals.form.maxTokens} min={1} {...form.getInputProps(`${path}.max_tokens`)} />
        </SimpleGrid>
        <ThresholdFields form={form} index={index} entry={entry} />
      </Stack>
    </Panel>
  );
}

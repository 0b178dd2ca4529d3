import { ActionIcon, Autocomplete, Button, Checkbox, Group, NumberInput, Select, Stack, Text } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { type EntryInput, newThreshold, type SuiteForm } from "./entryForm";
import c from "./suites.module.css";

const RUN_METRICS = ["failed_share", "truncated_share", "latency_ms", "cost"];

/** Edit the thresholds of an entry: a metric, a bound, the slice, and the share of answers that must have the metric. */
export function ThresholdFields({ form, index, entry }: { form: SuiteForm; index: number; entry: EntryInput }) {
  const { suites: t } = useMessages();
  const path = `entries.${index}.thresholds`;
  const metrics = [...new Set([...entry.scorers.map((one) => one.name), ...RUN_METRICS])];
  const slices = entry.slices.filter((one) => one !== "length");
  const suggested = entry.slices.includes("length") ? ["length=short", "length=medium", "length=long"] : [];
  return (
    <Stack gap="xs">
      <div>
        <Text size="sm" fw={500}>
          {t.thresholds}
        </Text>
        <Text size="xs" c="dimmed">
          {t.thresholdsHint}
        </Text>
      </div>
      {entry.thresholds.map((threshold, number) => (
        <div key={threshold.key} className={c.threshold}>
          <Autocomplete size="xs" label={t.metric} data={metrics} {...form.getInputProps(`${path}.${number}.scorer`)} />
          <Select
            size="xs"
            label={t.direction}
            allowDeselect={false}
            data={[
              { value: "at_least", label: "≥" },
              { value: "at_most", label: "≤" },
            ]}
            {...form.getInputProps(`${path}.${number}.direction`)}
          />
          <NumberInput size="xs" label={t.bound} hideControls {...form.getInputProps(`${path}.${number}.bound`)} />
          <Autocomplete
            size="xs"
            className={c.slice}
            label={t.slice}
            placeholder={t.allExamples}
            data={[...suggested, ...slices.map((one) => `${one.replace(/^(tag|label):/, "")}=`)]}
            {...form.getInputProps(`${path}.${number}.slice`)}
          />
          <NumberInput
            size="xs"
            className={c.share}
            label={t.minShare}
            title={t.minShareHint}
            suffix="%"
            min={1}
            max={100}
            hideControls
            {...form.getInputProps(`${path}.${number}.minPercent`)}
          />
          <Checkbox
            size="xs"
            className={c.confident}
            label={t.confident}
            title={t.confidentHint}
            {...form.getInputProps(`${path}.${number}.confident`, { type: "checkbox" })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            className={c.remove}
            aria-label={t.removeThreshold(threshold.scorer)}
            onClick={() => form.removeListItem(path, number)}
          >
            <X size={14} aria-hidden />
          </ActionIcon>
        </div>
      ))}
      <Group>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<Plus size={12} aria-hidden />}
          onClick={() => form.insertListItem(path, newThreshold())}
        >
          {t.addThreshold}
        </Button>
      </Group>
    </Stack>
  );
}

import {
  ActionIcon,
  Badge,
  Checkbox,
  Group,
  NumberInput,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { X } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";

export type ChosenScorer = { name: string; options: Record<string, unknown> };
type Info = Schema["ScorerInfo"];

const GROUPS = [
  "text",
  "json",
  "overlap",
  "meaning",
  "tools",
  "execution",
  "safety",
  "call",
  "model",
  "likelihood",
  "custom",
] as const;

/** Return the scorers as the server expects them: a name, or an object with the changed options. */
export function toSpecs(chosen: ChosenScorer[]): (string | Schema["ScorerSpec"])[] {
  return chosen.map(({ name, options }) => {
    const set = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== "" && value !== undefined));
    return Object.keys(set).length === 0 ? name : { name, options: set, label: "" };
  });
}

/** Return the required options that have no value yet. */
export function missingOptions(chosen: ChosenScorer[], scorers: Info[]): string[] {
  return chosen.flatMap(({ name, options }) =>
    (scorers.find((one) => one.name === name)?.required ?? []).filter((option) => !options[option]),
  );
}

function OptionField({
  name,
  initial,
  required,
  value,
  onChange,
}: {
  name: string;
  initial: unknown;
  required: boolean;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  if (typeof initial === "boolean") {
    return (
      <Checkbox
        size="xs"
        pb={7}
        label={name}
        checked={Boolean(value ?? initial)}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (typeof initial === "number") {
    return (
      <NumberInput
        size="xs"
        label={name}
        placeholder={String(initial)}
        value={(value as number | undefined) ?? ""}
        onChange={(next) => onChange(next === "" ? undefined : Number(next))}
      />
    );
  }
  if (Array.isArray(initial)) {
    return (
      <TagsInput
        size="xs"
        label={name}
        placeholder={initial.join(", ")}
        value={((value as unknown[] | undefined) ?? []).map(String)}
        onChange={(next) => onChange(next.length > 0 ? next : undefined)}
      />
    );
  }
  return (
    <TextInput
      size="xs"
      label={name}
      withAsterisk={required}
      placeholder={typeof initial === "string" ? initial : undefined}
      value={String(value ?? "")}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function ScorerCard({
  info,
  options,
  onChange,
  onRemove,
}: {
  info: Info;
  options: Record<string, unknown>;
  onChange: (options: Record<string, unknown>) => void;
  onRemove: () => void;
}) {
  const { scorersAbout, picker: t } = useMessages().evals;
  return (
    <Paper withBorder p="sm" radius="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Group gap="xs">
            <Text size="sm" fw={600}>
              {info.name}
            </Text>
            <Badge size="xs" variant="light" color="gray">
              {t.groups[info.group] ?? info.group}
            </Badge>
            {info.higher_is_better === false && (
              <Badge size="xs" variant="light" color="gray">
                {t.lower}
              </Badge>
            )}
          </Group>
          <Text size="xs" c="dimmed" lineClamp={3}>
            {scorersAbout[info.name] ?? info.about.split("\n\n")[0]}
          </Text>
          {info.unavailable && (
            <Text size="xs" c="red">
              {info.unavailable}
            </Text>
          )}
        </div>
        <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={t.remove(info.name)}>
          <X size={14} aria-hidden />
        </ActionIcon>
      </Group>
      {Object.keys(info.options).length > 0 && (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xs" mt="xs" style={{ alignItems: "end" }}>
          {Object.entries(info.options).map(([name, initial]) => (
            <OptionField
              key={name}
              name={name}
              initial={initial}
              required={info.required.includes(name)}
              value={options[name]}
              onChange={(value) => onChange({ ...options, [name]: value })}
            />
          ))}
        </SimpleGrid>
      )}
    </Paper>
  );
}

/** Choose scorers from a grouped list, and set their options. */
export function ScorerPicker({
  scorers,
  value,
  onChange,
}: {
  scorers: Info[];
  value: ChosenScorer[];
  onChange: (value: ChosenScorer[]) => void;
}) {
  const { form, picker: t } = useMessages().evals;
  const names = new Set(value.map((one) => one.name));
  const known: string[] = [...GROUPS];
  const groups = [...known, ...new Set(scorers.map((one) => one.group).filter((group) => !known.includes(group)))];
  const data = groups
    .map((group) => ({
      group: t.groups[group] ?? group,
      items: scorers
        .filter((one) => one.group === group && !names.has(one.name))
        .map((one) => ({ value: one.name, label: one.name, disabled: one.unavailable !== "" })),
    }))
    .filter((one) => one.items.length > 0);
  return (
    <Stack gap="xs">
      <Select
        label={form.scorers}
        description={t.hint}
        placeholder={t.add}
        data={data}
        value={null}
        searchable
        onChange={(name) => name && onChange([...value, { name, options: {} }])}
      />
      {value.map((one, index) => {
        const info = scorers.find((candidate) => candidate.name === one.name);
        return (
          info && (
            <ScorerCard
              key={one.name}
              info={info}
              options={one.options}
              onChange={(options) => onChange(value.map((other, i) => (i === index ? { ...other, options } : other)))}
              onRemove={() => onChange(value.filter((_, i) => i !== index))}
            />
          )
        );
      })}
    </Stack>
  );
}

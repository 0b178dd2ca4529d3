import { Autocomplete, Input, SegmentedControl, SimpleGrid, Switch } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { isValidName, versionRef } from "../model";
import { Threshold } from "./ProfileForm";
import type { FormProps } from "./VersionActionForm";

type Settings = Schema["CleanSettings"];

/** Show a few options side by side. */
function OptionField({
  label,
  description,
  options,
  value,
  onChange,
}: {
  label: string;
  description?: string;
  options: [string, string][];
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Input.Wrapper label={label} description={description} labelElement="div">
      <SegmentedControl
        size="xs"
        fullWidth
        mt={4}
        aria-label={label}
        data={options.map(([value, label]) => ({ value, label }))}
        value={value}
        onChange={onChange}
      />
    </Input.Wrapper>
  );
}

/** Show the settings of a cleaning and the target dataset. */
export function CleanForm({ current, onStart, actions }: FormProps) {
  const { forms, import: importTexts } = useMessages().data;
  const t = forms.clean;
  const form = useForm({
    initialValues: {
      name: current.name,
      tidy: true,
      personal: "mask" as Settings["personal"],
      conflicts: "majority" as Settings["conflicts"],
      ties: "drop" as Settings["ties"],
      empty: "drop" as Settings["empty"],
      exact: "drop" as Settings["exact"],
      near: "drop" as Settings["near"],
      threshold: 0.8,
    },
    validate: { name: (value) => (isValidName(value.trim()) ? null : importTexts.nameWrong) },
  });
  const dropOrKeep: [string, string][] = [
    ["drop", t.drop],
    ["keep", t.keep],
  ];
  const optionProps = (field: "personal" | "conflicts" | "ties" | "empty" | "exact" | "near") => ({
    value: form.values[field],
    onChange: (value: string) => form.setFieldValue(field, value as never),
  });
  return (
    <form
      onSubmit={form.onSubmit(({ name, ...settings }) =>
        onStart(() =>
          unwrap(
            api.POST("/api/v1/data/versions/{ref}/clean", {
              params: { path: { ref: versionRef(current) } },
              body: { name: name.trim(), settings: settings as Settings },
            }),
          ),
        ),
      )}
    >
      <SimpleGrid style={{ alignItems: "end" }} cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm">
        <OptionField
          label={t.personal}
          description={t.personalHint}
          options={[["mask", t.mask], ...dropOrKeep]}
          {...optionProps("personal")}
        />
        <OptionField
          label={t.conflicts}
          description={t.conflictsHint}
          options={[["majority", t.majority], ...dropOrKeep]}
          {...optionProps("conflicts")}
        />
        <OptionField label={t.near} description={t.nearHint} options={dropOrKeep} {...optionProps("near")} />
        <OptionField label={t.ties} description={t.tiesHint} options={dropOrKeep} {...optionProps("ties")} />
        <OptionField label={t.exact} options={dropOrKeep} {...optionProps("exact")} />
        <OptionField label={t.empty} options={dropOrKeep} {...optionProps("empty")} />
        <Threshold {...form.getInputProps("threshold")} />
        <Autocomplete
          label={forms.to}
          description={forms.toHint}
          data={[current.name]}
          required
          {...form.getInputProps("name")}
        />
        <Switch label={t.tidy} description={t.tidyHint} {...form.getInputProps("tidy", { type: "checkbox" })} />
      </SimpleGrid>
      {actions}
    </form>
  );
}

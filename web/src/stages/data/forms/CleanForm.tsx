import { Autocomplete, Input, SegmentedControl, SimpleGrid, Switch } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { fitsName, refOf } from "../model";
import type { FormProps } from "./ActForm";
import { Threshold } from "./ProfileForm";

type Settings = S["CleanSettings"];

/** One of a few ways, side by side. */
function Choice({
  label,
  hint,
  of,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  of: [string, string][];
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Input.Wrapper label={label} description={hint} labelElement="div">
      <SegmentedControl
        size="xs"
        fullWidth
        mt={4}
        aria-label={label}
        data={of.map(([value, label]) => ({ value, label }))}
        value={value}
        onChange={onChange}
      />
    </Input.Wrapper>
  );
}

/** How to clean a version, and where the result goes. */
export function CleanForm({ current, onStart, foot }: FormProps) {
  const { forms, import: words } = useMessages().data;
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
    validate: { name: (value) => (fitsName(value.trim()) ? null : words.nameWrong) },
  });
  const either: [string, string][] = [
    ["drop", t.drop],
    ["keep", t.keep],
  ];
  const choice = (field: "personal" | "conflicts" | "ties" | "empty" | "exact" | "near") => ({
    value: form.values[field],
    onChange: (value: string) => form.setFieldValue(field, value as never),
  });
  return (
    <form
      onSubmit={form.onSubmit(({ name, ...settings }) =>
        onStart(() =>
          ok(
            api.POST("/api/v1/data/versions/{ref}/clean", {
              params: { path: { ref: refOf(current) } },
              body: { name: name.trim(), settings: settings as Settings },
            }),
          ),
        ),
      )}
    >
      <SimpleGrid style={{ alignItems: "end" }} cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm">
        <Choice label={t.personal} hint={t.personalHint} of={[["mask", t.mask], ...either]} {...choice("personal")} />
        <Choice
          label={t.conflicts}
          hint={t.conflictsHint}
          of={[["majority", t.majority], ...either]}
          {...choice("conflicts")}
        />
        <Choice label={t.near} hint={t.nearHint} of={either} {...choice("near")} />
        <Choice label={t.ties} hint={t.tiesHint} of={either} {...choice("ties")} />
        <Choice label={t.exact} of={either} {...choice("exact")} />
        <Choice label={t.empty} of={either} {...choice("empty")} />
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
      {foot}
    </form>
  );
}

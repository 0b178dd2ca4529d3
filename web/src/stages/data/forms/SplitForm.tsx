import { Autocomplete, NumberInput, Select, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { BarList } from "@/components/charts/Bars";
import { isValidName, parseShares, splitColor, versionRef } from "../model";
import { Threshold } from "./ProfileForm";
import type { FormProps } from "./VersionActionForm";

/** Show the approximate size of each split. Sizes are approximate because groups of near-duplicates stay together. */
function ExpectedSplits({ shares, rows }: { shares: Record<string, number>; rows: number }) {
  const t = useMessages().data.forms.split;
  const f = useFormats();
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
  return (
    <BarList
      label={t.shares}
      format={(value) => `≈ ${f.number(value)}`}
      bars={Object.entries(shares).map(([label, share]) => ({
        label,
        value: Math.round(total > 1 + 1e-9 ? share : share * rows),
        color: splitColor(label),
      }))}
    />
  );
}

/** Show the settings of a split and the target dataset. */
export function SplitForm({ current, paths, onStart, actions }: FormProps) {
  const { forms, import: importTexts } = useMessages().data;
  const t = forms.split;
  const form = useForm({
    initialValues: {
      name: current.name,
      shares: "train=0.8, validation=0.1, test=0.1",
      stratify: [] as string[],
      group: null as string | null,
      seed: 0,
      threshold: 0.8,
    },
    validate: {
      name: (value) => (isValidName(value.trim()) ? null : importTexts.nameWrong),
      shares: (value) => (parseShares(value) ? null : t.sharesWrong),
    },
  });
  const shares = parseShares(form.values.shares);
  return (
    <form
      onSubmit={form.onSubmit(({ name, shares, ...settings }) =>
        onStart(() =>
          unwrap(
            api.POST("/api/v1/data/versions/{ref}/split", {
              params: { path: { ref: versionRef(current) } },
              body: { name: name.trim(), settings: { ...settings, splits: parseShares(shares) ?? {} } },
            }),
          ),
        ),
      )}
    >
      <TextInput
        label={t.shares}
        description={t.sharesHint}
        required
        data-autofocus
        mb={8}
        {...form.getInputProps("shares")}
      />
      {shares && <ExpectedSplits shares={shares} rows={current.rows} />}
      <SimpleGrid style={{ alignItems: "end" }} cols={{ base: 1, sm: 2 }} spacing="sm" mt="sm">
        <TagsInput
          label={t.stratify}
          description={t.stratifyHint}
          data={paths}
          clearable
          {...form.getInputProps("stratify")}
        />
        <Select
          label={t.group}
          description={t.groupHint}
          data={paths}
          clearable
          searchable
          {...form.getInputProps("group")}
        />
        <NumberInput label={t.seed} description={t.seedHint} allowDecimal={false} {...form.getInputProps("seed")} />
        <Threshold {...form.getInputProps("threshold")} />
        <Autocomplete
          label={forms.to}
          description={forms.toHint}
          data={[current.name]}
          required
          {...form.getInputProps("name")}
        />
      </SimpleGrid>
      {actions}
    </form>
  );
}

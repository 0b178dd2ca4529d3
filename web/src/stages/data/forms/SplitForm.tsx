import { Autocomplete, NumberInput, Select, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ok } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { BarList } from "@/components/charts/Bars";
import { fitsName, readShares, refOf, splitColor } from "../model";
import type { FormProps } from "./ActForm";
import { Threshold } from "./ProfileForm";

/** What the shares would give, roughly: whole groups of near-duplicates stay together. */
function Expected({ shares, rows }: { shares: Record<string, number>; rows: number }) {
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

/** How to split a version, and where the result goes. */
export function SplitForm({ current, paths, onStart, foot }: FormProps) {
  const { forms, import: words } = useMessages().data;
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
      name: (value) => (fitsName(value.trim()) ? null : words.nameWrong),
      shares: (value) => (readShares(value) ? null : t.sharesWrong),
    },
  });
  const shares = readShares(form.values.shares);
  return (
    <form
      onSubmit={form.onSubmit(({ name, shares, ...settings }) =>
        onStart(() =>
          ok(
            api.POST("/api/v1/data/versions/{ref}/split", {
              params: { path: { ref: refOf(current) } },
              body: { name: name.trim(), settings: { ...settings, splits: readShares(shares) ?? {} } },
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
      {shares && <Expected shares={shares} rows={current.rows} />}
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
      {foot}
    </form>
  );
}

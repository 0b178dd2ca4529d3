import { Autocomplete, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { isValidName } from "./model";
import { datasetsQuery, type FileOptions } from "./queries";

export type ImportSettings = {
  format: string;
  input: string;
  output: string;
  system: string;
  template: string;
  skip: boolean;
};

const FORMATS = ["chat", "pairs", "alpaca", "sharegpt", "preference", "kto"];
const PAIRS_OPTIONS = ["input", "output", "system", "template"] as const;

/** Return the import options to send. Only the pairs format has options. */
export function toImportOptions(options: ImportSettings): FileOptions {
  if (options.format !== "" && options.format !== "pairs") return { format: options.format };
  const entries = PAIRS_OPTIONS.filter((name) => options[name].trim()).map((name) => [name, options[name].trim()]);
  return {
    ...(options.format ? { format: options.format } : {}),
    ...(entries.length ? { options: Object.fromEntries(entries) } : {}),
  };
}

type Props = {
  name: string;
  suggestedName: string;
  onName: (name: string) => void;
  options: ImportSettings;
  onChange: (options: ImportSettings) => void;
};

/** Show the fields for the target dataset and the file format. */
export function ImportOptions({ name, suggestedName, onName, options, onChange }: Props) {
  const t = useMessages().data.import;
  const newestVersions = useInfiniteQuery(datasetsQuery()).data?.pages.flat() ?? [];
  const names = newestVersions.map((version) => version.name);
  const effectiveName = (name || suggestedName).trim();
  const update = (values: Partial<ImportSettings>) => onChange({ ...options, ...values });
  const isPairs = options.format === "" || options.format === "pairs";
  const field = (key: (typeof PAIRS_OPTIONS)[number], hint: string) => (
    <TextInput
      size="sm"
      label={t[key]}
      description={hint}
      value={options[key]}
      onChange={(event) => update({ [key]: event.currentTarget.value })}
    />
  );
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Autocomplete
          label={t.name}
          description={
            effectiveName && isValidName(effectiveName)
              ? names.includes(effectiveName)
                ? t.next
                : t.isNew
              : t.nameHint
          }
          placeholder={suggestedName || "tickets"}
          data={names}
          value={name}
          onChange={onName}
          error={name && !isValidName(name.trim()) ? t.nameWrong : null}
        />
        <Select
          label={t.format}
          description={t.formatHint}
          allowDeselect={false}
          value={options.format}
          onChange={(format) => update({ format: format ?? "" })}
          data={[
            { value: "", label: t.auto },
            ...FORMATS.map((value) => ({ value, label: t.formats[value] ?? value })),
          ]}
        />
        {isPairs && (
          <>
            {field("input", t.columnHint)}
            {field("output", t.columnHint)}
            {field("system", t.systemHint)}
            {field("template", t.templateHint)}
          </>
        )}
      </SimpleGrid>
      <Switch
        label={t.skip}
        description={t.skipHint}
        checked={options.skip}
        onChange={(event) => update({ skip: event.currentTarget.checked })}
      />
    </>
  );
}

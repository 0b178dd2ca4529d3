import { Autocomplete, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { fitsName } from "./model";
import { datasets, type Reading } from "./queries";

export type Options = {
  format: string;
  input: string;
  output: string;
  system: string;
  template: string;
  skip: boolean;
};

const FORMATS = ["chat", "pairs", "alpaca", "sharegpt", "preference"];
const OF_PAIRS = ["input", "output", "system", "template"] as const;

/** What the server is told of how to read the files. Options belong to the pairs format alone. */
export function readingOf(options: Options): Reading {
  if (options.format !== "" && options.format !== "pairs") return { format: options.format };
  const given = OF_PAIRS.filter((name) => options[name].trim()).map((name) => [name, options[name].trim()]);
  return {
    ...(options.format ? { format: options.format } : {}),
    ...(given.length ? { options: Object.fromEntries(given) } : {}),
  };
}

type Props = {
  name: string;
  suggested: string;
  onName: (name: string) => void;
  options: Options;
  onChange: (options: Options) => void;
};

/** The dataset that the files go to, and how they are read. */
export function ImportOptions({ name, suggested, onName, options, onChange }: Props) {
  const t = useMessages().data.import;
  const known = useInfiniteQuery(datasets()).data?.pages.flat() ?? [];
  const names = known.map((one) => one.name);
  const shown = (name || suggested).trim();
  const put = (values: Partial<Options>) => onChange({ ...options, ...values });
  const pairs = options.format === "" || options.format === "pairs";
  const field = (key: (typeof OF_PAIRS)[number], hint: string) => (
    <TextInput
      size="sm"
      label={t[key]}
      description={hint}
      value={options[key]}
      onChange={(event) => put({ [key]: event.currentTarget.value })}
    />
  );
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Autocomplete
          label={t.name}
          description={shown && fitsName(shown) ? (names.includes(shown) ? t.next : t.isNew) : t.nameHint}
          placeholder={suggested || "tickets"}
          data={names}
          value={name}
          onChange={onName}
          error={name && !fitsName(name.trim()) ? t.nameWrong : null}
        />
        <Select
          label={t.format}
          description={t.formatHint}
          allowDeselect={false}
          value={options.format}
          onChange={(format) => put({ format: format ?? "" })}
          data={[
            { value: "", label: t.auto },
            ...FORMATS.map((value) => ({ value, label: t.formats[value] ?? value })),
          ]}
        />
        {pairs && (
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
        onChange={(event) => put({ skip: event.currentTarget.checked })}
      />
    </>
  );
}

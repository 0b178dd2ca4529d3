import { Autocomplete, NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { indexesQuery } from "../indexes/queries";
import { modelNames, modelsQuery } from "../queries";
import { FUSIONS, MODES, parseFilter, type RetrievalSearch } from "../search";

const FILTER_EXAMPLE = '{"type": "eq", "key": "language", "value": "en"}';
const SEARCHABLE = ["live", "ready", "retired"];

type Props = {
  base: string;
  values: RetrievalSearch;
  onChange: (changes: Partial<RetrievalSearch>) => void;
  filterError?: string;
};

/** Show the settings of a search: searches, fusion, index, number of results, reranking and a filter. */
export function SearchOptions({ base, values, onChange, filterError }: Props) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const indexes = (useQuery(indexesQuery(base)).data ?? []).filter((index) => SEARCHABLE.includes(index.state));
  const live = indexes.find((index) => index.state === "live")?.number;
  const rerankers = modelNames(useQuery(modelsQuery).data, "rerank");
  const number = (value: number | string) => (value === "" ? undefined : Number(value));
  const isFilterInvalid = parseFilter(values.filter ?? "") === null;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm" style={{ alignItems: "end" }}>
      <Select
        label={t.index}
        allowDeselect={false}
        data={indexes.map(({ number: one }) => ({
          value: String(one),
          label: one === live ? t.liveIndex(f.number(one)) : t.indexNumber(f.number(one)),
        }))}
        value={values.index || live ? String(values.index ?? live) : null}
        onChange={(value) => onChange({ index: Number(value) === live ? undefined : Number(value) })}
      />
      <Select
        label={t.mode}
        allowDeselect={false}
        data={MODES.map((value) => ({ value, label: t.modes[value] }))}
        value={values.mode ?? "hybrid"}
        onChange={(value) => onChange({ mode: MODES.find((mode) => mode === value) })}
      />
      <Select
        label={t.fusion}
        allowDeselect={false}
        disabled={(values.mode ?? "hybrid") !== "hybrid"}
        data={FUSIONS.map((value) => ({ value, label: t.fusions[value] }))}
        value={values.fusion ?? "scores"}
        onChange={(value) => onChange({ fusion: FUSIONS.find((fusion) => fusion === value) })}
      />
      <NumberInput
        label={t.limit}
        min={1}
        max={200}
        value={values.limit ?? 10}
        onChange={(value) => onChange({ limit: number(value) })}
      />
      <NumberInput
        label={t.diversity}
        description={t.diversityHint}
        min={0}
        max={1}
        step={0.1}
        value={values.diversity ?? 0}
        onChange={(value) => onChange({ diversity: number(value) })}
      />
      <NumberInput
        label={t.neighbours}
        description={t.neighboursHint}
        min={0}
        max={10}
        value={values.neighbours ?? 0}
        onChange={(value) => onChange({ neighbours: number(value) })}
      />
      <Autocomplete
        label={t.rerank}
        description={t.rerankHint}
        data={rerankers}
        value={values.rerank ?? ""}
        onChange={(value) => onChange({ rerank: value || undefined })}
      />
      <TextInput
        label={t.filter}
        description={t.filterHint}
        placeholder={FILTER_EXAMPLE}
        error={isFilterInvalid ? t.filterInvalid : filterError}
        value={values.filter ?? ""}
        onChange={(event) => onChange({ filter: event.currentTarget.value || undefined })}
      />
    </SimpleGrid>
  );
}

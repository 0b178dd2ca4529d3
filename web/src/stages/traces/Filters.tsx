import { Button, Collapse, Group, NumberInput, Pill, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { ListFilter, Search, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { facetsQuery } from "./queries";
import { RANGES, type Range, type TracesSearch } from "./search";
import c from "./Traces.module.css";

type Props = {
  search: TracesSearch;
  onChange: (part: Partial<TracesSearch>) => void;
  onClear?: () => void;
};
const LINK_FILTERS = ["deployment", "model_version", "user", "session", "trace_id"] as const;

/** Show search and filters. All of them are stored in the URL. */
export function Filters({ search, onChange, onClear }: Props) {
  const t = useMessages().traces;
  const hasExtraFilters = Boolean(search.key || search.has || search.min_duration_ms || search.range === "custom");
  const [open, { toggle }] = useDisclosure(hasExtraFilters);
  return (
    <search className={c.filters}>
      <Group gap="xs">
        <TextSearch value={search.text} onChange={(text) => onChange({ text })} />
        <Facet name="status" search={search} onChange={onChange} />
        <Facet name="kind" search={search} onChange={onChange} />
        <Facet name="route" search={search} onChange={onChange} />
        <Facet name="model" search={search} onChange={onChange} wide />
        <RangeSelect search={search} onChange={onChange} />
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<ListFilter size={14} aria-hidden />}
          onClick={toggle}
          aria-expanded={open}
        >
          {open ? t.fewer : t.more}
        </Button>
        {onClear && (
          <Button size="xs" variant="subtle" color="gray" leftSection={<X size={14} aria-hidden />} onClick={onClear}>
            {t.clear}
          </Button>
        )}
      </Group>
      <Collapse expanded={open}>
        <Group gap="xs" pt="xs">
          <Facet name="key" search={search} onChange={onChange} />
          <Select
            size="xs"
            w={150}
            clearable
            aria-label={t.filter.has}
            placeholder={t.filter.has}
            data={[
              { value: "score", label: t.filter.hasScore },
              { value: "correction", label: t.filter.hasCorrection },
            ]}
            value={search.has ?? null}
            onChange={(value) => onChange({ has: (value as TracesSearch["has"]) ?? undefined })}
          />
          <MinDuration value={search.min_duration_ms} onChange={(value) => onChange({ min_duration_ms: value })} />
          {search.range === "custom" && <CustomRange search={search} onChange={onChange} />}
        </Group>
      </Collapse>
      <LinkFilters search={search} onChange={onChange} />
    </search>
  );
}

function TextSearch({ value, onChange }: { value?: string; onChange: (value: string | undefined) => void }) {
  const t = useMessages().traces;
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  const applyDebounced = useDebouncedCallback((next: string) => onChange(next.trim() ? next : undefined), 300);
  return (
    <TextInput
      size="xs"
      className={c.search}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        applyDebounced(event.currentTarget.value);
      }}
      placeholder={t.search}
      aria-label={t.search}
      title={t.searchHint}
      leftSection={<Search size={14} aria-hidden />}
    />
  );
}

type FacetName = "status" | "kind" | "route" | "model" | "key";
const FACET_FIELDS = { status: "statuses", kind: "kinds", route: "routes", model: "models", key: "keys" } as const;

function Facet({ name, search, onChange, wide }: Omit<Props, "onClear"> & { name: FacetName; wide?: boolean }) {
  const t = useMessages().traces;
  const f = useFormats();
  const facets = useQuery(facetsQuery);
  const selected = search[name];
  const valueLabels: Record<string, string> = name === "kind" ? t.kind : name === "status" ? t.status : {};
  const options = [...(facets.data?.[FACET_FIELDS[name]] ?? [])];
  if (name === "status")
    for (const value of ["ok", "error"])
      if (!options.some((candidate) => candidate.value === value)) options.push({ value, count: 0 });
  if (selected && !options.some((candidate) => candidate.value === selected))
    options.unshift({ value: selected, count: 0 });
  return (
    <Select
      size="xs"
      w={wide ? 156 : 112}
      clearable
      searchable={options.length > 8}
      aria-label={t.filter[name]}
      placeholder={t.filter[name]}
      data={options.map((candidate) => ({
        value: candidate.value,
        label: valueLabels[candidate.value] ?? candidate.value,
      }))}
      renderOption={({ option }) => (
        <Group justify="space-between" gap="sm" wrap="nowrap" w="100%">
          <span className={c.option}>{option.label}</span>
          <span className={`${c.optionCount} num`}>
            {f.compact(options.find((candidate) => candidate.value === option.value)?.count)}
          </span>
        </Group>
      )}
      comboboxProps={{ width: 240, position: "bottom-start" }}
      value={selected ?? null}
      onChange={(value) => onChange({ [name]: value ?? undefined })}
    />
  );
}

function RangeSelect({ search, onChange }: Omit<Props, "onClear">) {
  const t = useMessages().traces;
  return (
    <Select
      size="xs"
      w={142}
      aria-label={t.filter.range}
      data={[{ value: "any", label: t.range.any }, ...RANGES.map((value) => ({ value, label: t.range[value] }))]}
      allowDeselect={false}
      value={search.range ?? "any"}
      onChange={(value) => {
        const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
        onChange({
          range: value === "any" ? undefined : (value as Range),
          since: value === "custom" ? hourAgo : undefined,
          until: undefined,
        });
      }}
    />
  );
}

/** Return a time in the format of a `datetime-local` input: local time without a zone. */
function toLocalInput(timestamp: string | undefined): string {
  if (!timestamp) return "";
  const date = new Date(timestamp);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function CustomRange({ search, onChange }: Omit<Props, "onClear">) {
  const t = useMessages().traces.filter;
  const field = (name: "since" | "until", label: string) => (
    <TextInput
      size="xs"
      type="datetime-local"
      aria-label={label}
      leftSection={<span className={c.inlineLabel}>{label}</span>}
      leftSectionWidth={44}
      value={toLocalInput(search[name])}
      onChange={(event) => {
        const value = event.currentTarget.value;
        onChange({ [name]: value ? new Date(value).toISOString() : undefined });
      }}
    />
  );
  return (
    <>
      {field("since", t.from)}
      {field("until", t.until)}
    </>
  );
}

function MinDuration({ value, onChange }: { value?: number; onChange: (value: number | undefined) => void }) {
  const t = useMessages().traces.filter;
  const applyDebounced = useDebouncedCallback(
    (next: string | number) => onChange(Number(next) > 0 ? Number(next) : undefined),
    400,
  );
  return (
    <NumberInput
      size="xs"
      w={190}
      min={0}
      step={100}
      hideControls
      aria-label={t.slow}
      placeholder={t.slow}
      defaultValue={value}
      key={value === undefined ? "none" : "some"}
      onChange={applyDebounced}
      rightSection={<span className={c.inlineLabel}>{t.milliseconds}</span>}
    />
  );
}

/** Show filters that a link has set, so that the user can remove them. */
function LinkFilters({ search, onChange }: Omit<Props, "onClear">) {
  const t = useMessages().traces.filter;
  const names = {
    deployment: t.deployment,
    model_version: t.version,
    user: t.user,
    session: t.session,
    trace_id: t.trace,
  };
  const active = LINK_FILTERS.filter((name) => search[name]);
  if (active.length === 0) return null;
  return (
    <Group gap={6} pt="xs">
      {active.map((name) => (
        <Pill
          key={name}
          withRemoveButton
          removeButtonProps={{ "aria-label": t.remove(names[name]), "aria-hidden": false, tabIndex: 0 }}
          onRemove={() => onChange({ [name]: undefined })}
        >
          {t.only(names[name], search[name] ?? "")}
        </Pill>
      ))}
    </Group>
  );
}

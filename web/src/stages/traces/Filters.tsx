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
const PINNED = ["deployment", "model_version", "user", "session", "trace_id"] as const;

/** Search and filters. They all live in the URL. */
export function Filters({ search, onChange, onClear }: Props) {
  const t = useMessages().traces;
  const more = Boolean(search.key || search.has || search.min_duration_ms || search.range === "custom");
  const [open, { toggle }] = useDisclosure(more);
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
          <Slow value={search.min_duration_ms} onChange={(value) => onChange({ min_duration_ms: value })} />
          {search.range === "custom" && <Spell search={search} onChange={onChange} />}
        </Group>
      </Collapse>
      <Pinned search={search} onChange={onChange} />
    </search>
  );
}

function TextSearch({ value, onChange }: { value?: string; onChange: (value: string | undefined) => void }) {
  const t = useMessages().traces;
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  const later = useDebouncedCallback((next: string) => onChange(next.trim() ? next : undefined), 300);
  return (
    <TextInput
      size="xs"
      className={c.search}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
      placeholder={t.search}
      aria-label={t.search}
      title={t.searchHint}
      leftSection={<Search size={14} aria-hidden />}
    />
  );
}

type FacetName = "status" | "kind" | "route" | "model" | "key";
const LISTS = { status: "statuses", kind: "kinds", route: "routes", model: "models", key: "keys" } as const;

function Facet({ name, search, onChange, wide }: Omit<Props, "onClear"> & { name: FacetName; wide?: boolean }) {
  const t = useMessages().traces;
  const f = useFormats();
  const facets = useQuery(facetsQuery);
  const chosen = search[name];
  const words: Record<string, string> = name === "kind" ? t.kind : name === "status" ? t.status : {};
  const found = [...(facets.data?.[LISTS[name]] ?? [])];
  if (name === "status")
    for (const value of ["ok", "error"]) if (!found.some((one) => one.value === value)) found.push({ value, count: 0 });
  if (chosen && !found.some((one) => one.value === chosen)) found.unshift({ value: chosen, count: 0 });
  return (
    <Select
      size="xs"
      w={wide ? 156 : 112}
      clearable
      searchable={found.length > 8}
      aria-label={t.filter[name]}
      placeholder={t.filter[name]}
      data={found.map((one) => ({
        value: one.value,
        label: words[one.value] ?? one.value,
      }))}
      renderOption={({ option }) => (
        <Group justify="space-between" gap="sm" wrap="nowrap" w="100%">
          <span className={c.option}>{option.label}</span>
          <span className={`${c.optionCount} num`}>
            {f.compact(found.find((one) => one.value === option.value)?.count)}
          </span>
        </Group>
      )}
      comboboxProps={{ width: 240, position: "bottom-start" }}
      value={chosen ?? null}
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
        const hour = new Date(Date.now() - 3_600_000).toISOString();
        onChange({
          range: value === "any" ? undefined : (value as Range),
          since: value === "custom" ? hour : undefined,
          until: undefined,
        });
      }}
    />
  );
}

/** A moment as the field of the browser wants it: local time without a zone. */
function local(at: string | undefined): string {
  if (!at) return "";
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Spell({ search, onChange }: Omit<Props, "onClear">) {
  const t = useMessages().traces.filter;
  const field = (name: "since" | "until", label: string) => (
    <TextInput
      size="xs"
      type="datetime-local"
      aria-label={label}
      leftSection={<span className={c.inlineLabel}>{label}</span>}
      leftSectionWidth={44}
      value={local(search[name])}
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

function Slow({ value, onChange }: { value?: number; onChange: (value: number | undefined) => void }) {
  const t = useMessages().traces.filter;
  const later = useDebouncedCallback(
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
      onChange={later}
      rightSection={<span className={c.inlineLabel}>{t.milliseconds}</span>}
    />
  );
}

/** Filters that a link set: shown so that they can be taken away. */
function Pinned({ search, onChange }: Omit<Props, "onClear">) {
  const t = useMessages().traces.filter;
  const names = {
    deployment: t.deployment,
    model_version: t.version,
    user: t.user,
    session: t.session,
    trace_id: t.trace,
  };
  const pinned = PINNED.filter((name) => search[name]);
  if (pinned.length === 0) return null;
  return (
    <Group gap={6} pt="xs">
      {pinned.map((name) => (
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

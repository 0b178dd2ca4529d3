import { NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import type { Field } from "./fields";

/** Return the text of an object setting. An empty object is an empty text. */
function toText(value: object) {
  return Object.keys(value).length ? JSON.stringify(value) : "";
}

/** Show an input for one setting, described by its label and the reason for its default. */
export function SettingField({
  field,
  value,
  onChange,
}: {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const { form: t, fields } = useMessages().training;
  const [label, description] = fields[field.name] ?? [field.title, field.description];
  const common = { label, description };
  if (field.kind === "boolean")
    return <Switch {...common} checked={Boolean(value)} onChange={(event) => onChange(event.currentTarget.checked)} />;
  if (field.kind === "choice")
    return <Select {...common} allowDeselect={false} data={field.choices} value={String(value)} onChange={onChange} />;
  if (field.kind === "number" || field.kind === "integer")
    return (
      <NumberInput
        {...common}
        value={value === null ? "" : (value as number)}
        onChange={onChange}
        min={field.min}
        max={field.max}
        allowDecimal={field.kind === "number"}
        placeholder={t.empty}
        hideControls={field.kind === "number"}
      />
    );
  if (field.kind === "list")
    return <TagsInput {...common} placeholder={t.empty} value={(value as string[] | null) ?? []} onChange={onChange} />;
  return (
    <TextInput
      {...common}
      placeholder={t.empty}
      value={value === null ? "" : typeof value === "object" ? toText(value) : String(value)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

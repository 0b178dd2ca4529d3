import { ActionIcon, Autocomplete, Button, Group, Input, NumberInput, Select, Switch, TagsInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { type Fields, isObject, isTextList, type Value } from "../model/definition";
import { type FieldSpec, fromText, type Suggested, toText } from "./fields";
import c from "./panel.module.css";
import type { Suggestion } from "./suggestions";
import { TemplateInput } from "./TemplateInput";

type InputProps = {
  spec: FieldSpec;
  value: Value;
  /** Sets the value. `undefined` removes the field. */
  onChange: (value: Value) => void;
  suggestions: Suggestion[];
  names: Partial<Record<Suggested, string[]>>;
  error?: string;
};

/** Return the label of a field: its name in words. */
export const fieldLabel = (name: string): string => {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** Show the form field of one setting of a step. */
export function FieldInput(props: InputProps) {
  const { spec, value, onChange, names, error } = props;
  const common = { label: fieldLabel(spec.name), description: spec.description, withAsterisk: spec.required, error };
  switch (spec.kind) {
    case "choice":
      return (
        <Select
          {...common}
          clearable={!spec.required}
          clearButtonProps={{ "aria-label": common.label }}
          placeholder={spec.placeholder}
          data={spec.options}
          value={typeof value === "string" ? value : null}
          onChange={(choice) => onChange(choice ?? undefined)}
        />
      );
    case "boolean":
      return (
        <Switch
          label={common.label}
          description={spec.description}
          error={error}
          checked={typeof value === "boolean" ? value : spec.placeholder === "true"}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          placeholder={spec.placeholder}
          min={spec.min}
          max={spec.max}
          value={typeof value === "number" ? value : ""}
          onChange={(number) => onChange(number === "" ? undefined : Number(number))}
        />
      );
    case "list":
      return <TagsInput {...common} value={isTextList(value) ? value : []} onChange={(list) => onChange(list)} />;
    case "map":
      return isObject(value) || value === undefined ? <MapInput {...props} /> : <ValueInput {...props} />;
    case "messages":
      return Array.isArray(value) || value === undefined ? <MessagesInput {...props} /> : <ValueInput {...props} />;
    case "text":
      if (spec.suggested)
        return (
          <Autocomplete
            {...common}
            placeholder={spec.placeholder}
            data={[...new Set(names[spec.suggested] ?? [])]}
            value={typeof value === "string" ? value : ""}
            onChange={(text) => onChange(text || undefined)}
          />
        );
      return <TextInputField {...props} />;
    case "longText":
      return <TextInputField {...props} />;
    default:
      return <ValueInput {...props} />;
  }
}

function TextInputField({ spec, value, onChange, suggestions, error }: InputProps) {
  return (
    <TemplateInput
      label={fieldLabel(spec.name)}
      description={spec.description}
      withAsterisk={spec.required}
      error={error}
      placeholder={spec.placeholder}
      minRows={spec.kind === "longText" ? 3 : 1}
      value={typeof value === "string" ? value : toText(value)}
      onChange={(text) => onChange(text || undefined)}
      suggestions={suggestions}
    />
  );
}

/** Show a field for any value, as YAML. Invalid YAML stays in the field and is not stored. */
export function ValueInput({ spec, value, onChange, suggestions, error }: InputProps) {
  const t = useMessages().pipelines.panel;
  const [draft, setDraft] = useState<{ text: string; invalid: boolean } | null>(null);
  return (
    <TemplateInput
      label={fieldLabel(spec.name)}
      description={spec.description}
      withAsterisk={spec.required}
      error={draft?.invalid ? t.invalidYaml : error}
      placeholder={spec.placeholder}
      value={draft?.text ?? toText(value)}
      suggestions={suggestions}
      onBlur={() => !draft?.invalid && setDraft(null)}
      onChange={(text) => {
        try {
          onChange(fromText(text));
          setDraft({ text, invalid: false });
        } catch {
          setDraft({ text, invalid: true });
        }
      }}
    />
  );
}

/** Show names and values in rows. */
export function MapInput({ spec, value, onChange, suggestions, names, error }: InputProps) {
  const t = useMessages().pipelines.panel;
  const entries = Object.entries(isObject(value) ? value : {});
  const set = (next: [string, Value][]) => onChange(next.length ? Object.fromEntries(next) : undefined);
  const label = fieldLabel(spec.name);
  const add = () => {
    let name = "name";
    for (let number = 2; entries.some(([key]) => key === name); number++) name = `name_${number}`;
    set([...entries, [name, ""]]);
  };
  return (
    <Input.Wrapper
      label={label}
      description={spec.description}
      withAsterisk={spec.required}
      error={error}
      labelElement="div"
    >
      <div className={c.rows} role="group" aria-label={label}>
        {entries.map(([key, item], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the name changes while it is typed
          <div key={index} className={c.row}>
            <Input
              aria-label={t.rowName(label, key)}
              className="mono"
              value={key}
              onChange={(event) => {
                const name = event.currentTarget.value.trim();
                if (name === key || entries.some(([other]) => other === name)) return;
                set(entries.map((entry) => (entry[0] === key ? [name, item] : entry)));
              }}
            />
            <div className={c.rowValue}>
              <ValueInput
                spec={{ name: t.rowValue(label, key), kind: "value", required: false }}
                value={item}
                onChange={(next) => set(entries.map((entry) => (entry[0] === key ? [key, next ?? ""] : entry)))}
                suggestions={suggestions}
                names={names}
              />
            </div>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.removeRow(key)}
              onClick={() => set(entries.filter((entry) => entry[0] !== key))}
            >
              <X size={14} />
            </ActionIcon>
          </div>
        ))}
        <Group>
          <Button size="compact-xs" variant="default" leftSection={<Plus size={12} aria-hidden />} onClick={add}>
            {t.addRow(label)}
          </Button>
        </Group>
      </div>
    </Input.Wrapper>
  );
}

const ROLES = ["system", "user", "assistant"];

/** Show the messages of a model call. Entries that are no plain message are shown as YAML. */
function MessagesInput(props: InputProps) {
  const { spec, value, onChange, suggestions, error } = props;
  const { app, pipelines } = useMessages();
  const t = pipelines.panel;
  const messages = (Array.isArray(value) ? value : []) as Value[];
  const isPlain = messages.every(
    (one) => isObject(one) && typeof one.role === "string" && typeof one.content === "string",
  );
  if (!isPlain) return <ValueInput {...props} />;
  const list = messages as (Fields & { role: string; content: string })[];
  const change = (index: number, fields: Fields) =>
    onChange(list.map((one, position) => (position === index ? { ...one, ...fields } : one)));
  return (
    <Input.Wrapper label={fieldLabel(spec.name)} error={error} labelElement="div">
      <div className={c.rows} role="group" aria-label={fieldLabel(spec.name)}>
        {list.map((message, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no identity
          <div key={index} className={c.message}>
            <Group gap={6} wrap="nowrap" justify="space-between">
              <Select
                size="xs"
                w={130}
                aria-label={t.role(index + 1)}
                allowDeselect={false}
                data={[...new Set([...ROLES, message.role])].map((role) => ({
                  value: role,
                  label: app.role[role as keyof typeof app.role] ?? role,
                }))}
                value={message.role}
                onChange={(role) => role && change(index, { role })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.removeMessage(index + 1)}
                onClick={() => onChange(list.filter((_, position) => position !== index))}
              >
                <X size={14} />
              </ActionIcon>
            </Group>
            <TemplateInput
              aria-label={t.message(index + 1)}
              minRows={3}
              value={message.content}
              onChange={(content) => change(index, { content })}
              suggestions={suggestions}
            />
          </div>
        ))}
        <Group>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<Plus size={12} aria-hidden />}
            onClick={() => onChange([...list, { role: list.length ? "user" : "system", content: "" }])}
          >
            {t.addMessage}
          </Button>
        </Group>
      </div>
    </Input.Wrapper>
  );
}

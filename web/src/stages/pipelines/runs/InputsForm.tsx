import { NumberInput, Select, Stack, Switch, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { parse } from "yaml";
import { useMessages } from "@/app/i18n";
import { type Fields, isObject, type Value } from "../model/definition";
import { fieldLabel } from "../panel/FieldInput";
import { toText } from "../panel/fields";

type Props = { inputs: Value; values: Fields; onChange: (values: Fields) => void };

/** Show a field for each input of a pipeline, from its JSON schema. */
export function InputsForm({ inputs, values, onChange }: Props) {
  const t = useMessages().pipelineRuns;
  const entries = Object.entries(isObject(inputs) ? inputs : {});
  if (!entries.length)
    return (
      <Text size="sm" c="dimmed">
        {t.noInputs}
      </Text>
    );
  const set = (name: string) => (value: Value) => {
    const { [name]: _, ...rest } = values;
    onChange(value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <Stack gap="sm">
      {entries.map(([name, schema], index) => (
        <InputField
          key={name}
          name={name}
          schema={isObject(schema) ? schema : { type: schema }}
          value={values[name]}
          onChange={set(name)}
          isFirst={index === 0}
        />
      ))}
    </Stack>
  );
}

type FieldProps = { name: string; schema: Fields; value: Value; onChange: (value: Value) => void; isFirst: boolean };

function InputField({ name, schema, value, onChange, isFirst }: FieldProps) {
  const t = useMessages().pipelines.panel;
  const [draft, setDraft] = useState<{ text: string; invalid: boolean } | null>(null);
  const common = {
    label: fieldLabel(name),
    description: typeof schema.description === "string" ? schema.description : undefined,
    "data-autofocus": isFirst || undefined,
  };
  if (Array.isArray(schema.enum))
    return (
      <Select
        {...common}
        data={schema.enum.map(String)}
        value={value === undefined ? null : String(value)}
        onChange={(choice) => onChange((schema.enum as Value[]).find((one) => String(one) === choice))}
      />
    );
  if (schema.type === "boolean")
    return <Switch {...common} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
  if (schema.type === "integer" || schema.type === "number")
    return (
      <NumberInput
        {...common}
        allowDecimal={schema.type === "number"}
        value={typeof value === "number" ? value : ""}
        onChange={(number) => onChange(number === "" ? undefined : Number(number))}
      />
    );
  if (schema.type === "string")
    return (
      <Textarea
        {...common}
        autosize
        minRows={2}
        maxRows={12}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <Textarea
      {...common}
      autosize
      minRows={3}
      maxRows={14}
      classNames={{ input: "mono" }}
      error={draft?.invalid ? t.invalidYaml : undefined}
      value={draft?.text ?? toText(value)}
      onChange={(event) => {
        const text = event.currentTarget.value;
        try {
          onChange(text.trim() ? (parse(text) as Value) : undefined);
          setDraft({ text, invalid: false });
        } catch {
          setDraft({ text, invalid: true });
        }
      }}
    />
  );
}

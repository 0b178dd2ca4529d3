import { ActionIcon, Button, Group, Select, Text, Textarea, TextInput, Title } from "@mantine/core";
import { Plus, Trash2, X } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { useMessages } from "@/app/i18n";
import { isObject, type Note, type StepGroup, type Value } from "../model/definition";
import { changeGroup, changeNote, setTop } from "../model/edits";
import { MapInput, ValueInput } from "./FieldInput";
import c from "./panel.module.css";
import type { PanelProps } from "./StepPanel";
import { suggestReferences } from "./suggestions";

function Head({ title, onClose }: { title: string; onClose: () => void }) {
  const t = useMessages().pipelines.panel;
  return (
    <div className={c.head}>
      <Title order={2}>{title}</Title>
      <ActionIcon variant="subtle" color="gray" aria-label={t.close} onClick={onClose}>
        <X size={16} />
      </ActionIcon>
    </div>
  );
}

const TYPES = ["string", "integer", "number", "boolean", "array", "object"];

/** Show the inputs, outputs, limits and description of a pipeline. */
export function PipelinePanel({ graph, findings, names, onEdit, onClose }: PanelProps) {
  const t = useMessages().pipelines.panel;
  const suggestions = useMemo(() => suggestReferences(graph, null), [graph]);
  const set = (field: string) => (value: Value) =>
    onEdit((current) => setTop(current, field, value), `$pipeline.${field}`);
  const errorOf = (field: string) => findings.find((one) => one.field.split(/[.[]/)[0] === field)?.message;
  return (
    <div className={c.panel}>
      <Head title={t.pipeline} onClose={onClose} />
      <Textarea
        label={t.description}
        data-panel-start
        autosize
        minRows={2}
        value={typeof graph.top.description === "string" ? graph.top.description : ""}
        error={errorOf("description")}
        onChange={(event) => set("description")(event.currentTarget.value || undefined)}
      />
      <Inputs value={graph.top.inputs} onChange={set("inputs")} error={errorOf("inputs")} />
      <MapInput
        spec={{ name: t.outputs, kind: "map", required: false, description: t.outputsHint }}
        value={graph.top.outputs}
        onChange={set("outputs")}
        suggestions={suggestions}
        names={names}
        error={errorOf("outputs")}
      />
      <ValueInput
        spec={{ name: t.limits, kind: "value", required: false, description: t.limitsHint }}
        value={graph.top.limits}
        onChange={set("limits")}
        suggestions={[]}
        names={names}
        error={errorOf("limits")}
      />
    </div>
  );
}

type InputsProps = { value: Value; onChange: (value: Value) => void; error?: string };

function Inputs({ value, onChange, error }: InputsProps) {
  const t = useMessages().pipelines.panel;
  const entries = Object.entries(isObject(value) ? value : {});
  const set = (next: [string, Value][]) => onChange(next.length ? Object.fromEntries(next) : undefined);
  const change = (name: string, entry: [string, Value]) => set(entries.map((one) => (one[0] === name ? entry : one)));
  const typeOf = (schema: Value) => (isObject(schema) ? schema.type : schema);
  const add = () => {
    let name = "input";
    for (let number = 2; entries.some(([key]) => key === name); number++) name = `input_${number}`;
    set([...entries, [name, { type: "string" }]]);
  };
  return (
    <div role="group" aria-label={t.inputs}>
      <Text size="sm" fw={500}>
        {t.inputs}
      </Text>
      <div className={c.rows}>
        {entries.map(([name, schema], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the name changes while it is typed
          <div key={index} className={c.input}>
            <Group gap={6} wrap="nowrap">
              <TextInput
                aria-label={t.inputName(index + 1)}
                classNames={{ input: "mono" }}
                value={name}
                flex={1}
                onChange={(event) => {
                  const next = event.currentTarget.value.trim();
                  if (next === name || entries.some(([other]) => other === next)) return;
                  change(name, [next, schema]);
                }}
              />
              <Select
                aria-label={t.inputType(name)}
                w={110}
                allowDeselect={false}
                data={TYPES}
                value={String(typeOf(schema) ?? "")}
                onChange={(type) => change(name, [name, { ...(isObject(schema) ? schema : {}), type }])}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.removeRow(name)}
                onClick={() => set(entries.filter((one) => one[0] !== name))}
              >
                <X size={14} />
              </ActionIcon>
            </Group>
            <TextInput
              size="xs"
              aria-label={t.inputDescription(name)}
              placeholder={t.description}
              value={isObject(schema) && typeof schema.description === "string" ? schema.description : ""}
              onChange={(event) => {
                const description = event.currentTarget.value;
                const { description: _, ...rest } = isObject(schema) ? schema : { type: schema };
                change(name, [name, description ? { ...rest, description } : rest]);
              }}
            />
          </div>
        ))}
        {error && (
          <Text size="xs" c="var(--mantine-color-error)">
            {error}
          </Text>
        )}
        <Group>
          <Button size="compact-xs" variant="default" leftSection={<Plus size={12} aria-hidden />} onClick={add}>
            {t.addRow(t.inputs)}
          </Button>
        </Group>
      </div>
    </div>
  );
}

function RemoveButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Group>
      <Button size="xs" variant="light" color="red" leftSection={<Trash2 size={13} aria-hidden />} onClick={onClick}>
        {children}
      </Button>
    </Group>
  );
}

type Edits = Pick<PanelProps, "onEdit" | "onClose">;

/** Show the text of a note. */
export function NotePanel({ note, index, onEdit, onClose }: Edits & { note: Note; index: number }) {
  const t = useMessages().pipelines.panel;
  return (
    <div className={c.panel}>
      <Head title={t.note} onClose={onClose} />
      <Textarea
        label={t.text}
        data-panel-start
        autosize
        minRows={4}
        value={note.text}
        onChange={(event) => {
          const text = event.currentTarget.value;
          onEdit((current) => changeNote(current, index, { text }), `note.${index}`);
        }}
      />
      <RemoveButton
        onClick={() => {
          onClose();
          onEdit((current) => changeNote(current, index, null));
        }}
      >
        {t.removeNote}
      </RemoveButton>
    </div>
  );
}

/** Show the name of a group and its steps. */
export function GroupPanel({ group, onEdit, onClose }: Edits & { group: StepGroup }) {
  const t = useMessages().pipelines.panel;
  const [name, setName] = useState(group.name);
  const commit = () => {
    if (name.trim() && name !== group.name) onEdit((current) => changeGroup(current, group, name.trim()));
  };
  return (
    <div className={c.panel}>
      <Head title={t.group} onClose={onClose} />
      <TextInput
        label={t.groupName}
        data-panel-start
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && commit()}
      />
      <Text size="sm" c="dimmed">
        {group.steps.join(", ")}
      </Text>
      <RemoveButton
        onClick={() => {
          onClose();
          onEdit((current) => changeGroup(current, group, null));
        }}
      >
        {t.removeGroup}
      </RemoveButton>
    </div>
  );
}

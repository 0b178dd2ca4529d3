import { Accordion, ActionIcon, Alert, Anchor, Button, Group, Select, Text, TextInput, Title } from "@mantine/core";
import { CopyPlus, CornerDownRight, Play, Trash2, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useMessages } from "@/app/i18n";
import { hasSteps, kindView, stepPorts } from "../canvas/kinds";
import type { Finding } from "../editor/findings";
import type { Fields, Value } from "../model/definition";
import { connect, connectionProblem, disconnect, isStepName, setField } from "../model/edits";
import { dataEdges, edgeSource, findStep, type Graph, OUTPUTS, type Step } from "../model/graph";
import { FieldInput } from "./FieldInput";
import { type FieldSpec, type Suggested, stepFields } from "./fields";
import c from "./panel.module.css";
import { suggestReferences } from "./suggestions";

export type PanelProps = {
  graph: Graph;
  schema: Fields | undefined;
  names: Partial<Record<Suggested, string[]>>;
  findings: Finding[];
  /** Edits the graph. Quick edits with the same key are undone together. */
  onEdit: (edit: (graph: Graph) => Graph, key?: string) => void;
  onSelect: (id: string) => void;
  onClose: () => void;
};

type Props = PanelProps & {
  step: Step;
  onRename: (name: string) => void;
  onRemove: () => void;
  onDuplicate: () => void;
  /** Moves the step into another container. Undefined if there is none. */
  onMove?: () => void;
  onRunFrom?: () => void;
};

/** Show the settings of a step: the fields of its kind, its edges and its handling of errors. */
export function StepPanel(props: Props) {
  const { graph, schema, step, names, findings, onEdit } = props;
  const t = useMessages().pipelines;
  const { icon: Icon, color } = kindView(step.fields.kind);
  const kind = t.kinds[step.fields.kind as keyof typeof t.kinds];
  const suggestions = useMemo(() => suggestReferences(graph, step.id), [graph, step.id]);
  const own = useMemo(() => (schema ? stepFields(schema, step.fields.kind) : []), [schema, step.fields.kind]);
  const common = useMemo(() => (schema ? stepFields(schema, step.fields.kind, true) : []), [schema, step.fields.kind]);
  const unknown = Object.keys(step.fields)
    .filter((name) => !["kind", "after", "steps", "title"].includes(name))
    .filter((name) => ![...own, ...common].some((spec) => spec.name === name))
    .map((name): FieldSpec => ({ name, kind: "value", required: false }));
  const errorOf = (field: string) => findings.find((one) => one.field.split(/[.[]/)[0] === field)?.message;
  const fields = (specs: FieldSpec[]) =>
    specs.map((spec) => (
      <FieldInput
        key={`${step.id}.${spec.name}`}
        spec={spec}
        value={step.fields[spec.name]}
        suggestions={suggestions}
        names={names}
        error={errorOf(spec.name)}
        onChange={(value: Value) =>
          onEdit((current) => setField(current, step.id, spec.name, value), `${step.id}.${spec.name}`)
        }
      />
    ));
  const other = findings.filter((one) => ![...own, ...common].some((spec) => spec.name === one.field.split(/[.[]/)[0]));
  return (
    <div className={c.panel}>
      <div className={c.head}>
        <Icon size={18} style={{ color: `var(${color})`, flex: "none" }} aria-hidden />
        <Title order={2}>{kind?.name ?? step.fields.kind}</Title>
        <ActionIcon variant="subtle" color="gray" aria-label={t.panel.close} onClick={props.onClose}>
          <X size={16} />
        </ActionIcon>
      </div>
      {kind && (
        <Text size="xs" c="dimmed" mt={-8}>
          {kind.text}
        </Text>
      )}
      <NameInput key={step.id} {...props} />
      {other.map((finding) => (
        <Alert key={finding.field + finding.message} color={finding.level === "error" ? "red" : "yellow"} p="xs">
          <Text size="sm">{finding.message}</Text>
          <Text size="xs">{finding.hint}</Text>
        </Alert>
      ))}
      {fields(own)}
      {fields(unknown)}
      {hasSteps(step.fields.kind) && (
        <Text size="xs" c="dimmed">
          {t.panel.container}
        </Text>
      )}
      <Links {...props} />
      <Accordion variant="contained" chevronPosition="left">
        <Accordion.Item value="advanced">
          <Accordion.Control>{t.panel.advanced}</Accordion.Control>
          <Accordion.Panel>
            <div className={c.rows}>
              <TextInput
                label={t.panel.title}
                value={typeof step.fields.title === "string" ? step.fields.title : ""}
                onChange={(event) => {
                  const title = event.currentTarget.value || undefined;
                  onEdit((current) => setField(current, step.id, "title", title), `${step.id}.title`);
                }}
              />
              {fields(common)}
            </div>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      <Group gap="xs">
        {props.onRunFrom && (
          <Button size="xs" variant="default" leftSection={<Play size={13} aria-hidden />} onClick={props.onRunFrom}>
            {t.panel.runFrom}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          leftSection={<CopyPlus size={13} aria-hidden />}
          onClick={props.onDuplicate}
        >
          {t.panel.duplicate}
        </Button>
        {props.onMove && (
          <Button
            size="xs"
            variant="default"
            leftSection={<CornerDownRight size={13} aria-hidden />}
            onClick={props.onMove}
          >
            {t.panel.move}
          </Button>
        )}
        <Button
          size="xs"
          variant="light"
          color="red"
          leftSection={<Trash2 size={13} aria-hidden />}
          onClick={props.onRemove}
        >
          {t.panel.remove}
        </Button>
      </Group>
    </div>
  );
}

function NameInput({ step, graph, onRename }: Props) {
  const t = useMessages().pipelines.panel;
  const [name, setName] = useState(step.name);
  const input = useRef<HTMLInputElement>(null);
  const taken = graph.steps.some(
    (other) => other.parent === step.parent && other.name === name && other.id !== step.id,
  );
  const error = !isStepName(name) ? t.nameInvalid : taken ? t.nameTaken : undefined;
  const latest = useRef({ name, error });
  latest.current = { name, error };
  const commit = () => {
    if (!latest.current.error && latest.current.name !== step.name) onRename(latest.current.name);
  };
  useEffect(() => setName(step.name), [step.name]);
  return (
    <TextInput
      ref={input}
      data-panel-start
      label={t.name}
      description={t.nameHint}
      classNames={{ input: "mono" }}
      value={name}
      error={error}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}

/** Show the edges of a step as lists: this is how they are added and removed without a mouse. */
function Links({ graph, step, onEdit, onSelect }: Props) {
  const t = useMessages().pipelines.panel;
  const incoming = graph.edges.filter((edge) => edge.to === step.id);
  const data = useMemo(() => dataEdges(graph), [graph]);
  const uses = data.filter((edge) => edge.to === step.id);
  const usedBy = data.filter((edge) => edge.from === step.id);
  const sources = graph.steps
    .filter((other) => connectionProblem(graph, other.id, step.id) === null)
    .flatMap((other) => [other.name, ...stepPorts(other.fields).map((port) => `${other.name}.${port}`)])
    .filter((reference) => !incoming.some((edge) => edge.reference === reference));
  const link = (id: string, label: string, note?: string) => (
    <span>
      <Anchor component="button" type="button" size="sm" onClick={() => onSelect(id)}>
        {label}
      </Anchor>
      {note && (
        <Text span size="xs" c="dimmed" ml={6}>
          {note}
        </Text>
      )}
    </span>
  );
  const nameOf = (id: string) => findStep(graph, id)?.name ?? (id === OUTPUTS ? t.outputs : t.inputs);
  return (
    <>
      <div>
        <Text size="sm" fw={500} mb={4}>
          {t.after}
        </Text>
        <ul className={c.links}>
          {incoming.map((edge) => (
            <li key={edge.reference}>
              {link(edgeSource(edge).from, edge.reference)}
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.disconnect(edge.reference)}
                onClick={() => onEdit((current) => disconnect(current, edge))}
              >
                <X size={14} />
              </ActionIcon>
            </li>
          ))}
        </ul>
        <Select
          key={incoming.length}
          size="xs"
          searchable
          selectFirstOptionOnChange
          aria-label={t.connect}
          placeholder={t.connect}
          data={sources}
          value={null}
          onChange={(reference) => {
            if (!reference) return;
            const [name, port] = reference.split(".");
            const from = step.parent === null ? name : `${step.parent}.${name}`;
            onEdit((current) => connect(current, from as string, step.id, port));
          }}
        />
      </div>
      {uses.length > 0 && (
        <div>
          <Text size="sm" fw={500} mb={4}>
            {t.uses}
          </Text>
          <ul className={c.links}>
            {uses.map((edge) => (
              <li key={edge.from}>{link(edge.from, nameOf(edge.from), edge.outputs.join(", "))}</li>
            ))}
          </ul>
        </div>
      )}
      {usedBy.length > 0 && (
        <div>
          <Text size="sm" fw={500} mb={4}>
            {t.usedBy}
          </Text>
          <ul className={c.links}>
            {usedBy.map((edge) => (
              <li key={edge.to}>{link(edge.to, nameOf(edge.to), edge.outputs.join(", "))}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

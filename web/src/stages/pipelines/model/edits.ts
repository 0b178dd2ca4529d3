import {
  type Fields,
  isObject,
  isTextList,
  type Note,
  type Position,
  readGroups,
  readNotes,
  type StepFields,
  type StepGroup,
  type Value,
} from "./definition";
import { type ControlEdge, edgeSource, findStep, type Graph, joinId, type Step, splitReference } from "./graph";
import { findReferences, mapTexts, renameReference } from "./references";

/** Names that no step can have. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(["inputs", "item", "index", "state", "run", "error"]);
const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** Return true if a name is allowed for a step. */
export const isStepName = (name: string): boolean => NAME.test(name) && !RESERVED_NAMES.has(name);

/** Return `base`, or `base_2`, `base_3` and so on if the name is taken. */
export function freeName(taken: ReadonlySet<string>, base: string): string {
  let name = base;
  for (let number = 2; taken.has(name) || RESERVED_NAMES.has(name); number++) name = `${base}_${number}`;
  return name;
}

const names = (graph: Graph, parent: string | null): Set<string> =>
  new Set(graph.steps.filter((step) => step.parent === parent).map((step) => step.name));

/** Return a map with an entry set or, for `undefined`, removed. */
function withEntry(fields: Fields, key: string, value: Value): Fields {
  if (value !== undefined) return { ...fields, [key]: value };
  const { [key]: _, ...rest } = fields;
  return rest;
}

const isEmpty = (value: Value): boolean =>
  (Array.isArray(value) && !value.length) || (isObject(value) && !Object.keys(value).length);

const withTop = (graph: Graph, key: string, value: Value): Graph => ({
  ...graph,
  top: withEntry(graph.top, key, isEmpty(value) ? undefined : value),
});

/** Set a field of the pipeline. `undefined` removes the field. */
export const setTop = (graph: Graph, key: string, value: Value): Graph => ({
  ...graph,
  top: withEntry(graph.top, key, value),
});

/** Add a step and return its id. */
export function addStep(
  graph: Graph,
  fields: StepFields,
  options: { parent?: string | null; position?: Position; name?: string } = {},
): { graph: Graph; id: string } {
  const parent = options.parent ?? null;
  const name = freeName(names(graph, parent), options.name ?? fields.kind.replace(/\W/g, "_"));
  const id = joinId(parent, name);
  const added = { ...graph, steps: [...graph.steps, { id, name, parent, fields }] };
  return { graph: options.position ? moveSteps(added, new Map([[id, options.position]])) : added, id };
}

/** Set the position of steps on the canvas. */
export function moveSteps(graph: Graph, positions: ReadonlyMap<string, Position>): Graph {
  const layout = isObject(graph.top.layout) ? graph.top.layout : {};
  const rounded = [...positions].map(([id, [x, y]]) => [id, [Math.round(x), Math.round(y)]]);
  return withTop(graph, "layout", { ...layout, ...Object.fromEntries(rounded) });
}

/** Set a field of a step. `undefined` removes the field. */
export function setField(graph: Graph, id: string, field: string, value: Value): Graph {
  return {
    ...graph,
    steps: graph.steps.map((step) =>
      step.id === id ? { ...step, fields: withEntry(step.fields, field, value) as StepFields } : step,
    ),
  };
}

const isInside = (id: string, ids: ReadonlySet<string>): boolean => {
  for (let current = id; current; current = current.slice(0, Math.max(0, current.lastIndexOf("."))))
    if (ids.has(current)) return true;
  return false;
};

/** Remove steps with their nested steps, control edges, positions and memberships of groups. */
export function removeSteps(graph: Graph, removed: ReadonlySet<string>): Graph {
  const isRemoved = (id: string) => isInside(id, removed);
  const edges = graph.edges.filter((edge) => !isRemoved(edge.to) && !isRemoved(edgeSource(edge).from));
  let next: Graph = { ...graph, steps: graph.steps.filter((step) => !isRemoved(step.id)), edges };
  next = withoutEmptyAfter(next, graph.edges);
  if (isObject(graph.top.layout))
    next = withTop(
      next,
      "layout",
      Object.fromEntries(Object.entries(graph.top.layout).filter(([id]) => !isRemoved(id))),
    );
  return mapGroups(next, (ids) => ids.filter((id) => !isRemoved(id)));
}

/** Remove the field `after` of steps that lost their last control edge. */
function withoutEmptyAfter(graph: Graph, before: ControlEdge[]): Graph {
  const had = new Set(before.map((edge) => edge.to));
  const has = new Set(graph.edges.map((edge) => edge.to));
  const steps = graph.steps.map((step) =>
    had.has(step.id) && !has.has(step.id)
      ? { ...step, fields: withEntry(step.fields, "after", undefined) as StepFields }
      : step,
  );
  return { ...graph, steps };
}

/** Change the members of groups. Groups that lose their last member are removed. */
function mapGroups(graph: Graph, change: (ids: string[]) => string[]): Graph {
  if (!Array.isArray(graph.top.groups)) return graph;
  const groups = graph.top.groups.flatMap((group: Value) => {
    if (!isObject(group) || !isTextList(group.steps)) return [group];
    const steps = change(group.steps);
    return steps.length || !group.steps.length ? [{ ...group, steps }] : [];
  });
  return withTop(graph, "groups", groups);
}

/** Fields of a container that refer to its nested steps. */
const RESULT_FIELDS: readonly string[] = ["update", "until", "output"];

const mapFields = (fields: StepFields, names: readonly string[], change: (value: Value) => Value): StepFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, names.includes(name) ? change(value) : value]),
  ) as StepFields;

/** Rename a step and all references to it: in templates, control edges, positions and groups. */
export function renameStep(graph: Graph, id: string, name: string): Graph {
  const step = findStep(graph, id);
  if (!step || step.name === name) return graph;
  const to = joinId(step.parent, name);
  const inScope = (other: string) => step.parent === null || other.startsWith(`${step.parent}.`);
  const rename = (other: string) =>
    other === id ? to : other.startsWith(`${id}.`) ? to + other.slice(id.length) : other;
  const renameTexts = (value: Value) => mapTexts(value, (text) => renameReference(text, step.name, name));
  const steps = graph.steps.map((other): Step => {
    let { fields } = other;
    if (other.id === step.parent) fields = mapFields(fields, RESULT_FIELDS, renameTexts);
    else if (inScope(other.id)) fields = renameTexts(fields) as StepFields;
    const parent = other.parent === null ? null : rename(other.parent);
    return { id: rename(other.id), name: other.id === id ? name : other.name, parent, fields };
  });
  const edges = graph.edges.map((edge): ControlEdge => {
    const [source, port] = splitReference(edge.reference);
    const reference = edgeSource(edge).from === id ? (port ? `${name}.${port}` : name) : edge.reference;
    return { reference: source ? reference : edge.reference, to: rename(edge.to) };
  });
  let next: Graph = { top: graph.top, steps, edges };
  if (step.parent === null && graph.top.outputs !== undefined)
    next = setTop(next, "outputs", renameTexts(graph.top.outputs));
  if (isObject(graph.top.layout)) {
    const layout = Object.entries(graph.top.layout).map(([key, value]) => [rename(key), value]);
    next = setTop(next, "layout", Object.fromEntries(layout));
  }
  return mapGroups(next, (ids) => ids.map(rename));
}

/** Return the reason why two steps cannot be connected, or null. */
export function connectionProblem(graph: Graph, from: string, to: string): "self" | "scope" | "missing" | null {
  const [source, target] = [findStep(graph, from), findStep(graph, to)];
  if (!source || !target) return "missing";
  if (from === to) return "self";
  return source.parent === target.parent ? null : "scope";
}

/** Add a control edge: `to` runs after `from`, or after its port. */
export function connect(graph: Graph, from: string, to: string, port?: string): Graph {
  const source = findStep(graph, from);
  if (!source || connectionProblem(graph, from, to)) return graph;
  const reference = port ? `${source.name}.${port}` : source.name;
  if (graph.edges.some((edge) => edge.to === to && edge.reference === reference)) return graph;
  const edges = [...graph.edges, { reference, to }];
  const steps = graph.steps.map((step) =>
    step.id === to && step.fields.after === undefined ? { ...step, fields: { ...step.fields, after: [] } } : step,
  );
  return { ...graph, steps, edges };
}

/** Remove a control edge. */
export function disconnect(graph: Graph, removed: ControlEdge): Graph {
  const edges = graph.edges.filter((edge) => edge.to !== removed.to || edge.reference !== removed.reference);
  return withoutEmptyAfter({ ...graph, edges }, graph.edges);
}

/** Add a group of steps. Members leave their former group. */
export function groupSteps(graph: Graph, ids: string[], name: string): Graph {
  const without = mapGroups(graph, (members) => members.filter((id) => !ids.includes(id)));
  const groups = Array.isArray(without.top.groups) ? without.top.groups : [];
  const taken = new Set(readGroups(without.top).map((group) => group.name));
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
  return setTop(without, "groups", [...groups, { name: free, steps: ids }]);
}

/** Rename a group, or remove it if `name` is null. Its steps stay. */
export function changeGroup(graph: Graph, group: StepGroup, name: string | null): Graph {
  const groups = (graph.top.groups as Value[]).flatMap((other) =>
    other !== group && (!isObject(other) || other.name !== group.name)
      ? [other]
      : name === null
        ? []
        : [{ ...(other as Fields), name }],
  );
  return withTop(graph, "groups", groups);
}

/** Add a note. */
export const addNote = (graph: Graph, note: Note): Graph =>
  setTop(graph, "notes", [...(Array.isArray(graph.top.notes) ? graph.top.notes : []), note]);

/** Change the note with an index among the notes shown, or remove it if `change` is null. */
export function changeNote(graph: Graph, index: number, change: Partial<Note> | null): Graph {
  const note = readNotes(graph.top)[index];
  const notes = (graph.top.notes as Value[]).flatMap((other) =>
    other !== note ? [other] : change === null ? [] : [{ ...(other as Fields), ...change }],
  );
  return withTop(graph, "notes", notes);
}

/** Return the names that the texts of the steps use but that are none of them. For the message after a paste. */
export function missingReferences(graph: Graph, ids: readonly string[]): string[] {
  const known = new Set([...graph.steps.map((step) => step.name), ...RESERVED_NAMES, "loop", "range"]);
  const missing = new Set<string>();
  for (const step of graph.steps)
    if (ids.includes(step.id))
      mapTexts(step.fields, (text) => {
        for (const { name, attribute } of findReferences(text)) if (attribute && !known.has(name)) missing.add(name);
        return text;
      });
  return [...missing];
}

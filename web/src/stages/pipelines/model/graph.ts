import { type Definition, type Fields, isObject, isTextList, type StepFields } from "./definition";
import { findReferences, visitTexts } from "./references";

/** Ids of the nodes for the inputs and outputs of the pipeline. No step can have them. */
export const INPUTS = "$inputs";
export const OUTPUTS = "$outputs";

/**
 * Step of a graph. `id` is the path of names, such as `refine.check` for a step in the loop `refine`. `fields` holds all
 * fields of the step; its nested steps and the references of `after` are separate and leave an empty value behind. A
 * single reference may be written as a text instead of a list.
 */
export type Step = { id: string; name: string; parent: string | null; fields: StepFields };
/** Control edge: an entry of `after`, either `STEP` or `STEP.PORT`. */
export type ControlEdge = { reference: string; to: string };
/** Data edge: the fields of the target that refer to outputs of the source. */
export type DataEdge = { from: string; to: string; outputs: string[]; fields: string[] };
/** Graph of a pipeline. `top` holds all other fields of the definition, with an empty value for `steps`. */
export type Graph = { top: Fields; steps: Step[]; edges: ControlEdge[] };

export const joinId = (parent: string | null, name: string): string => (parent === null ? name : `${parent}.${name}`);

/** Return the graph of a definition. `toDefinition` is its inverse. */
export function toGraph(definition: Definition): Graph {
  const graph: Graph = { top: { ...definition, steps: {} }, steps: [], edges: [] };
  addSteps(graph, definition.steps, null);
  return graph;
}

function addSteps(graph: Graph, steps: Record<string, StepFields>, parent: string | null): void {
  for (const [name, original] of Object.entries(steps)) {
    const id = joinId(parent, name);
    const fields = { ...original };
    const after = original.after;
    if (isTextList(after) || (typeof after === "string" && after)) {
      for (const reference of [after].flat()) graph.edges.push({ reference, to: id });
      fields.after = typeof after === "string" ? "" : [];
    }
    if (isObject(original.steps)) fields.steps = {};
    graph.steps.push({ id, name, parent, fields });
    if (isObject(original.steps)) addSteps(graph, original.steps as Record<string, StepFields>, id);
  }
}

/** Return the definition of a graph. */
export function toDefinition(graph: Graph): Definition {
  const children = new Map<string | null, Step[]>();
  for (const step of graph.steps) children.set(step.parent, [...(children.get(step.parent) ?? []), step]);
  const references = new Map<string, string[]>();
  for (const edge of graph.edges) references.set(edge.to, [...(references.get(edge.to) ?? []), edge.reference]);

  const writeSteps = (parent: string | null): Record<string, StepFields> =>
    Object.fromEntries(
      (children.get(parent) ?? []).map((step) => {
        const fields = { ...step.fields };
        const after = references.get(step.id);
        if (after) fields.after = fields.after === "" && after.length === 1 ? after[0] : after;
        if (isObject(fields.steps) || children.has(step.id)) fields.steps = writeSteps(step.id);
        return [step.name, fields];
      }),
    );
  return { ...graph.top, steps: writeSteps(null) };
}

/** Return the step with an id. */
export const findStep = (graph: Graph, id: string | null | undefined): Step | undefined =>
  graph.steps.find((step) => step.id === id);

/** Return the ids of steps by name in the scope of a step's siblings. */
export const siblingNames = (graph: Graph, parent: string | null): Set<string> =>
  new Set(graph.steps.filter((step) => step.parent === parent).map((step) => step.name));

/** Return the source of a control edge: the id of the step and its port. The source may not exist. */
export function edgeSource(edge: ControlEdge): { from: string; port?: string } {
  const parent = edge.to.includes(".") ? edge.to.slice(0, edge.to.lastIndexOf(".")) : null;
  const [name = "", port] = splitReference(edge.reference);
  return { from: joinId(parent, name), port };
}

/** Split `STEP.PORT` into the step and the port. */
export function splitReference(reference: string): [string, string | undefined] {
  const dot = reference.indexOf(".");
  return dot < 0 ? [reference, undefined] : [reference.slice(0, dot), reference.slice(dot + 1)];
}

/** Return the data edges of a graph, from the references in its templates. */
export function dataEdges(graph: Graph): DataEdge[] {
  const ids = new Set(graph.steps.map((step) => step.id));
  const edges = new Map<string, { from: string; to: string; outputs: Set<string>; fields: Set<string> }>();
  const add = (from: string, to: string, output: string | undefined, field: string): void => {
    const key = `${from}>${to}`;
    const edge = edges.get(key) ?? { from, to, outputs: new Set(), fields: new Set() };
    if (output) edge.outputs.add(output);
    edge.fields.add(field);
    edges.set(key, edge);
  };
  for (const step of graph.steps)
    visitTexts(step.fields, (text, field) => {
      for (const { name, attribute } of findReferences(text)) {
        const end = resolveReference(ids, step, name);
        if (end) add(end.from, end.to, attribute, field);
      }
    });
  visitTexts({ outputs: graph.top.outputs }, (text) => {
    for (const { name, attribute } of findReferences(text)) {
      if (ids.has(name)) add(name, OUTPUTS, attribute, "outputs");
      else if (name === "inputs") add(INPUTS, OUTPUTS, attribute, "outputs");
    }
  });
  return [...edges.values()].map((edge) => ({ ...edge, outputs: [...edge.outputs], fields: [...edge.fields] }));
}

/** Return the ends of the edge for a name: a sibling of the step, or a sibling of one of its containers. */
export function resolveReference(ids: Set<string>, step: Step, name: string): { from: string; to: string } | null {
  for (let to = step.id; ; to = to.slice(0, to.lastIndexOf("."))) {
    const parent = to.includes(".") ? to.slice(0, to.lastIndexOf(".")) : null;
    const from = joinId(parent, name);
    if (ids.has(from)) return from === to ? null : { from, to };
    if (parent === null) return name === "inputs" ? { from: INPUTS, to } : null;
  }
}

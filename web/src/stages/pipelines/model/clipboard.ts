import { type Definition, isObject, type Position, readGroups, readLayout, shapeProblem } from "./definition";
import { connectionProblem, freeName, groupSteps, moveSteps, renameStep } from "./edits";
import { edgeSource, findStep, type Graph, joinId, type Step, toDefinition, toGraph } from "./graph";
import { readText, writeText } from "./yaml";

const isWithin = (step: Step, ids: ReadonlySet<string>): boolean => {
  const segments = step.id.split(".");
  return segments.some((_, index) => ids.has(segments.slice(0, index + 1).join(".")));
};

/** Return steps as YAML text, with their nested steps, the edges between them, their groups and positions. */
export function copySteps(graph: Graph, selected: ReadonlySet<string>): string {
  const copied = graph.steps.filter((step) => isWithin(step, selected));
  const ids = new Set(copied.map((step) => step.id));
  const edges = graph.edges.filter((edge) => ids.has(edge.to) && ids.has(edgeSource(edge).from));
  const targets = new Set(edges.map((edge) => edge.to));
  const parents = [...new Set(copied.filter((step) => selected.has(step.id)).map((step) => step.parent))];
  const prefix = parents.length === 1 && parents[0] ? `${parents[0]}.` : "";
  const strip = (id: string) => id.slice(prefix.length);
  const steps = copied.map((step): Step => {
    const { after, ...fields } = step.fields;
    const id = strip(step.id);
    const parent = id.includes(".") ? id.slice(0, id.lastIndexOf(".")) : null;
    return { ...step, id, parent, fields: targets.has(step.id) ? step.fields : (fields as Step["fields"]) };
  });
  const layout = [...readLayout(graph.top)].filter(([id]) => ids.has(id)).map(([id, at]) => [strip(id), at]);
  const groups = readGroups(graph.top)
    .map((group) => ({ ...group, steps: group.steps.filter((id) => ids.has(id)).map(strip) }))
    .filter((group) => group.steps.length > 1);
  const top = {
    steps: {},
    ...(groups.length ? { groups } : {}),
    ...(layout.length ? { layout: Object.fromEntries(layout) } : {}),
  };
  const moved = edges.map((edge) => ({ ...edge, to: strip(edge.to) }));
  return writeText(toDefinition({ top, steps, edges: moved }));
}

/** Return the steps in a text from the clipboard, or null if it holds none. */
export function readSteps(text: string): Definition | null {
  if (!/^\s*[\w"'-]+\s*:/m.test(text)) return null;
  const { definition } = readText(text);
  if (definition && Object.keys(definition.steps).length) return definition;
  const wrapped = readText(`steps:\n${text.replace(/^/gm, "  ")}`).definition; // steps without the word `steps`
  return wrapped && isObject(wrapped.steps) && Object.keys(wrapped.steps).length && !shapeProblem(wrapped)
    ? wrapped
    : null;
}

/** Add copied steps under free names, with the first one at `position`. References among them follow the names. */
export function pasteSteps(
  graph: Graph,
  source: Definition,
  options: { parent?: string | null; position?: Position } = {},
): { graph: Graph; ids: string[] } {
  const parent = options.parent ?? null;
  let copy = toGraph(source);
  const taken = new Set(graph.steps.filter((step) => step.parent === parent).map((step) => step.name));
  const own = copy.steps.filter((step) => step.parent === null).map((step) => step.name);
  for (const name of own) {
    const others = new Set([...taken, ...own.filter((other) => other !== name)]);
    const free = taken.has(name) ? freeName(others, name.replace(/_\d+$/, "")) : name;
    copy = renameStep(copy, name, free);
    taken.add(free);
  }
  const toId = (id: string) => joinId(parent, id);
  const steps = copy.steps.map((step) => ({
    ...step,
    id: toId(step.id),
    parent: step.parent === null ? parent : toId(step.parent),
  }));
  const edges = copy.edges.map((edge) => ({ ...edge, to: toId(edge.to) }));
  let next: Graph = { ...graph, steps: [...graph.steps, ...steps], edges: [...graph.edges, ...edges] };
  const layout = [...readLayout(copy.top)];
  const roots = layout.filter(([id]) => !id.includes("."));
  const left = Math.min(...roots.map(([, [x]]) => x));
  const top = Math.min(...roots.map(([, [, y]]) => y));
  const at = options.position;
  const shift = ([id, [x, y]]: [string, Position]): [string, Position] =>
    at && !id.includes(".") ? [toId(id), [x - left + at[0], y - top + at[1]]] : [toId(id), [x, y]];
  next = moveSteps(next, new Map(layout.map(shift)));
  if (parent === null)
    for (const group of readGroups(copy.top)) next = groupSteps(next, group.steps.map(toId), group.name);
  return { graph: next, ids: steps.filter((step) => step.parent === parent).map((step) => step.id) };
}

/** Return true if a step can be a target of an edge from another. */
export const canConnect = (graph: Graph, from: string, to: string): boolean =>
  connectionProblem(graph, from, to) === null && findStep(graph, to) !== undefined;

import { isObject, type Position } from "./definition";
import { freeName, groupSteps, moveSteps, renameStep } from "./edits";
import { type ControlEdge, edgeSource, findStep, type Graph, joinId, type Step } from "./graph";

const CONTAINERS: ReadonlySet<string> = new Set(["loop", "map"]);

const isWithin = (id: string, container: string): boolean => id === container || id.startsWith(`${container}.`);

/** Return the containers into which steps can be moved; null is the outermost level. Their own one is left out. */
export function moveTargets(graph: Graph, ids: readonly string[]): (string | null)[] {
  const moved = ids.flatMap((id) => findStep(graph, id) ?? []);
  const containers = graph.steps.filter((step) => CONTAINERS.has(step.fields.kind)).map((step) => step.id);
  return [null, ...containers].filter(
    (target) =>
      moved.some((step) => step.parent !== target) &&
      !moved.some((step) => target !== null && isWithin(target, step.id)),
  );
}

/** Return the control edges that a move into a container removes: one of their two steps stays on the old level. */
export function edgesCutByMove(graph: Graph, ids: readonly string[], parent: string | null): ControlEdge[] {
  const moved = new Set(ids.filter((id) => canMove(graph, id, parent)));
  return graph.edges.filter((edge) => moved.has(edge.to) !== moved.has(edgeSource(edge).from));
}

function canMove(graph: Graph, id: string, parent: string | null): boolean {
  const step = findStep(graph, id);
  return step !== undefined && step.parent !== parent && (parent === null || !isWithin(parent, id));
}

/**
 * Move steps into a container, or out of all if `parent` is null. Control edges between them are kept, those to steps
 * that stay on another level are removed.
 */
export function moveInto(
  graph: Graph,
  ids: readonly string[],
  parent: string | null,
  positions: ReadonlyMap<string, Position> = new Map(),
): { graph: Graph; ids: string[] } {
  let next = graph;
  const moved = new Map<string, string>();
  for (const id of ids) {
    const step = findStep(next, id);
    if (!step || !canMove(next, id, parent)) continue;
    const result = moveStep(next, step, parent, positions.get(id));
    next = result.graph;
    moved.set(id, result.id);
  }
  const kept = graph.edges.flatMap((edge): ControlEdge[] => {
    const { from, port } = edgeSource(edge);
    const to = moved.get(edge.to);
    const name = findStep(next, moved.get(from))?.name;
    if (to === undefined || name === undefined) return [];
    return [{ reference: port === undefined ? name : `${name}.${port}`, to }];
  });
  return { graph: { ...next, edges: [...next.edges, ...kept] }, ids: [...moved.values()] };
}

function moveStep(
  before: Graph,
  { id: oldId, name: oldName, parent: oldParent }: Step,
  parent: string | null,
  position: Position | undefined,
): { graph: Graph; id: string } {
  const siblings = (container: string | null) =>
    before.steps.filter((step) => step.parent === container && step.id !== oldId).map((step) => step.name);
  const isTaken = siblings(parent).includes(oldName);
  const name = isTaken ? freeName(new Set([...siblings(parent), ...siblings(oldParent)]), oldName) : oldName;
  const graph = renameStep(before, oldId, name);
  const from = joinId(oldParent, name);
  const to = joinId(parent, name);
  const rename = (id: string) => (isWithin(id, from) ? to + id.slice(from.length) : id);
  const inside = (id: string) => id.startsWith(`${from}.`);
  const edges = graph.edges
    .filter((edge) => inside(edge.to) || (edge.to !== from && edgeSource(edge).from !== from))
    .map((edge): ControlEdge => ({ ...edge, to: rename(edge.to) }));
  const had = new Set(graph.edges.map((edge) => edge.to));
  const has = new Set(edges.map((edge) => edge.to));
  const steps = graph.steps.map((step): Step => {
    const id = rename(step.id);
    const fields = { ...step.fields };
    if (had.has(step.id) && !has.has(id)) delete fields.after;
    return {
      ...step,
      id,
      fields,
      parent: step.id === from ? parent : step.parent === null ? null : rename(step.parent),
    };
  });
  let next: Graph = { top: graph.top, steps, edges };
  if (isObject(graph.top.layout)) {
    const kept = Object.entries(graph.top.layout).filter(([id]) => id !== from);
    next = { ...next, top: { ...next.top, layout: Object.fromEntries(kept.map(([id, at]) => [rename(id), at])) } };
  }
  if (Array.isArray(graph.top.groups)) next = leaveGroups(next, from);
  return { graph: position ? moveSteps(next, new Map([[to, position]])) : next, id: to };
}

/** Remove a step from its group, because groups hold steps of one level. */
function leaveGroups(graph: Graph, id: string): Graph {
  const alone = groupSteps(graph, [id], "moved");
  const groups = (alone.top.groups as unknown[]).slice(0, -1);
  const { groups: _, ...top } = alone.top;
  return { ...alone, top: groups.length ? { ...top, groups: groups as never } : top };
}

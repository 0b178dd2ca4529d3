import type { Place } from "../canvas/Canvas";
import { allEdges, autoLayout, freeBox, placeNodes, STEP_HEIGHT, STEP_WIDTH } from "../canvas/layout";
import { frameId, isStepId, noteId } from "../canvas/view";
import { copySteps, pasteSteps, readSteps } from "../model/clipboard";
import { edgesCutByMove, moveInto } from "../model/containers";
import { type Position, readGroups, readLayout, readNotes, type StepFields } from "../model/definition";
import {
  addNote,
  addStep,
  changeGroup,
  changeNote,
  connect,
  groupSteps,
  moveSteps,
  removeSteps,
  renameStep,
} from "../model/edits";
import { findStep, type Graph, INPUTS, joinId } from "../model/graph";

/** What an edit did: the new graph and the nodes to select. */
export type Result = { graph: Graph; select?: string[] };

const NEW_STEP_FIELDS: Record<string, Omit<StepFields, "kind">> = {
  prompt: { messages: [{ role: "user", content: "" }] },
  branch: { branches: { yes: "" } },
  classify: { classes: { first: "", second: "" } },
  loop: { steps: {} },
  map: { over: "", output: "", steps: {} },
  http: { url: "https://" },
  python: { code: "" },
  template: { text: "" },
  output: { value: "" },
};

/** Return the ids of the selected steps. */
export const selectedSteps = (selected: ReadonlySet<string>): Set<string> => new Set([...selected].filter(isStepId));

/** Add a step of a kind at a place, or beside the step `from`, after which it then runs. */
export function addKind(graph: Graph, kind: string, place: Place | null, from?: { id: string; port?: string }): Result {
  const source = findStep(graph, from?.id);
  const parent = source ? source.parent : (place?.parent ?? null);
  const boxes = placeNodes(graph);
  const beside = source && boxes.get(source.id);
  const isUsable = place !== null && (!source || place.parent === source.parent);
  const [x, y] = isUsable || !beside ? (place?.position ?? [0, 0]) : [beside.x + beside.width + 64, beside.y];
  const others = new Map([...boxes].filter(([id]) => (findStep(graph, id)?.parent ?? null) === parent));
  const free = freeBox({ x, y, width: STEP_WIDTH, height: STEP_HEIGHT }, others);
  const fields = { kind, ...NEW_STEP_FIELDS[kind] } as StepFields;
  const added = addStep(fixPlaces(graph), fields, { parent, position: [free.x, free.y] });
  return {
    graph: source ? connect(added.graph, source.id, added.id, from?.port) : added.graph,
    select: [added.id],
  };
}

/** Return the graph with the positions of moved nodes. */
export function moveNodes(graph: Graph, positions: ReadonlyMap<string, Position>): Graph {
  let next = graph;
  const steps = new Map<string, Position>();
  for (const [id, position] of positions)
    if (id.startsWith("note:"))
      next = changeNote(next, Number(id.slice(5)), { position: [Math.round(position[0]), Math.round(position[1])] });
    else if (!id.startsWith("group:")) steps.set(id, position);
  return steps.size ? moveSteps(fixPlaces(next), steps) : next;
}

/** Store the places of steps that have none. Otherwise the automatic layout would move them with the next edit. */
function fixPlaces(graph: Graph): Graph {
  const layout = readLayout(graph.top);
  const missing = [...placeNodes(graph)].filter(([id]) => !layout.has(id) && !id.startsWith("$"));
  if (!missing.length) return graph;
  return moveSteps(graph, new Map(missing.map(([id, box]): [string, Position] => [id, [box.x, box.y]])));
}

/** Give all nodes the positions of the automatic layout. */
export const tidy = (graph: Graph): Graph => moveSteps(graph, autoLayout(graph));

/** Remove the selected steps, notes and groups. Removing a group keeps its steps. */
export function removeSelected(graph: Graph, selected: ReadonlySet<string>): Graph {
  const groups = readGroups(graph.top).filter((group) => selected.has(frameId(group.name)));
  if (groups.length) return groups.reduce((next, group) => changeGroup(next, group, null), graph);
  const notes = readNotes(graph.top)
    .map((_, index) => index)
    .filter((index) => selected.has(noteId(index)));
  const next = notes.reverse().reduce((current, index) => changeNote(current, index, null), graph);
  const steps = selectedSteps(selected);
  return steps.size ? removeSteps(next, steps) : next;
}

/** Return the node that gets the focus after the selected steps are removed: a source of one of them. */
export function neighbour(graph: Graph, selected: ReadonlySet<string>): string {
  const sources = allEdges(graph).filter((edge) => selected.has(edge.to) && !selected.has(edge.from));
  return sources.map((edge) => edge.from).find((id) => findStep(graph, id)) ?? INPUTS;
}

/** Paste steps from a text. Returns null if it holds none. */
export function paste(graph: Graph, text: string, place: Place): Result | null {
  const source = readSteps(text);
  if (!source) return null;
  const pasted = pasteSteps(graph, source, { parent: place.parent, position: place.position });
  return { graph: pasted.graph, select: pasted.ids };
}

/** Add a copy of the selected steps beside them. */
export function duplicate(graph: Graph, selected: ReadonlySet<string>): Result | null {
  const steps = [...selectedSteps(selected)];
  const first = findStep(graph, steps[0]);
  if (!first) return null;
  const box = placeNodes(graph).get(first.id);
  const position: Position = box ? [box.x + 40, box.y + box.height + 40] : [0, 0];
  return paste(graph, copySteps(graph, new Set(steps)), { parent: first.parent, position });
}

/** Move steps into a container, or to the outermost level. Without positions, they are placed beside the others. */
export function moveTo(
  graph: Graph,
  ids: string[],
  parent: string | null,
  positions?: ReadonlyMap<string, Position>,
): Result {
  const fixed = fixPlaces(graph);
  const places = new Map(positions);
  const others = new Map([...placeNodes(fixed)].filter(([id]) => (findStep(fixed, id)?.parent ?? null) === parent));
  for (const id of positions ? [] : ids) {
    const box = placeNodes(fixed).get(id);
    const right = Math.max(0, ...[...others.values()].map((other) => other.x + other.width + 64));
    const free = freeBox({ width: STEP_WIDTH, height: STEP_HEIGHT, ...box, x: right, y: 0 }, others);
    places.set(id, [free.x, free.y]);
    others.set(id, free);
  }
  const moved = moveInto(fixed, ids, parent, places);
  return { graph: moved.graph, select: moved.ids };
}

/** Return the control edges that a move removes, as a text; empty if there are none. */
export const cutEdges = (graph: Graph, ids: string[], parent: string | null): string =>
  edgesCutByMove(graph, ids, parent)
    .map((edge) => `${edge.reference} → ${edge.to}`)
    .join(", ");

/** Group the selected steps of the outermost level. */
export function group(graph: Graph, selected: ReadonlySet<string>, name: string): Result | null {
  const steps = [...selectedSteps(selected)].filter((id) => !id.includes("."));
  if (!steps.length) return null;
  const next = groupSteps(graph, steps, name);
  return { graph: next, select: [frameId(readGroups(next.top).at(-1)?.name ?? name)] };
}

/** Add a note. */
export function note(graph: Graph, text: string, place: Place): Result {
  const position: Position = [Math.round(place.position[0]), Math.round(place.position[1])];
  const next = addNote(graph, { text, position });
  return { graph: next, select: [noteId(readNotes(next.top).length - 1)] };
}

/** Rename a step. */
export function rename(graph: Graph, id: string, name: string): Result {
  const step = findStep(graph, id);
  return { graph: renameStep(graph, id, name), select: step ? [joinId(step.parent, name)] : [] };
}

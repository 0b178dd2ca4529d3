import dagre from "@dagrejs/dagre";
import { type Position, readGroups, readLayout } from "../model/definition";
import { dataEdges, edgeSource, type Graph, INPUTS, joinId, OUTPUTS, type Step } from "../model/graph";
import { hasSteps, stepPorts } from "./kinds";

export const STEP_WIDTH = 216;
export const STEP_HEIGHT = 60;
export const PORT_HEIGHT = 22;
/** Space inside of a container: above, below and beside its steps. */
export const CONTAINER_TOP = 64;
export const CONTAINER_PADDING = 20;
const CONTAINER_MIN_WIDTH = 264;
const CONTAINER_MIN_HEIGHT = 140;
const TERMINAL_WIDTH = 148;
const GAP = { x: 64, y: 44 };

/** Place of a node. Nested steps are placed relative to the content of their container. */
export type Box = { x: number; y: number; width: number; height: number };
type Edge = { from: string; to: string };

/** Return the ends of all edges of a graph, control and data. */
export function allEdges(graph: Graph): Edge[] {
  return [...graph.edges.map((edge) => ({ from: edgeSource(edge).from, to: edge.to })), ...dataEdges(graph)];
}

/** Return the place of each node. Steps without a position are placed automatically. */
export function placeNodes(graph: Graph, layout = readLayout(graph.top)): Map<string, Box> {
  const boxes = new Map<string, Box>();
  const children = new Map<string | null, Step[]>();
  for (const step of graph.steps) children.set(step.parent, [...(children.get(step.parent) ?? []), step]);
  const edges = allEdges(graph);

  const placeLevel = (parent: string | null): { width: number; height: number } => {
    const steps = children.get(parent) ?? [];
    const sizes = new Map(
      steps.map((step) => [step.id, hasSteps(step.fields.kind) ? placeLevel(step.id) : stepSize(step)] as const),
    );
    if (parent === null)
      for (const id of [INPUTS, OUTPUTS]) sizes.set(id, { width: TERMINAL_WIDTH, height: STEP_HEIGHT });
    const within = edges.filter((edge) => sizes.has(edge.from) && sizes.has(edge.to));
    for (const [id, box] of placeIds(sizes, within, layout)) boxes.set(id, box);
    const placed = steps.map((step) => boxes.get(step.id) as Box);
    const right = Math.max(0, ...placed.map((box) => box.x + box.width));
    const bottom = Math.max(0, ...placed.map((box) => box.y + box.height));
    return {
      width: Math.max(CONTAINER_MIN_WIDTH, right + 2 * CONTAINER_PADDING),
      height: Math.max(CONTAINER_MIN_HEIGHT, bottom + CONTAINER_TOP + CONTAINER_PADDING),
    };
  };
  placeLevel(null);
  return boxes;
}

const stepSize = (step: Step) => ({
  width: STEP_WIDTH,
  height: STEP_HEIGHT + stepPorts(step.fields).length * PORT_HEIGHT,
});

type Sizes = ReadonlyMap<string, { width: number; height: number }>;

function placeIds(sizes: Sizes, edges: Edge[], layout: ReadonlyMap<string, Position>): Map<string, Box> {
  const boxes = new Map<string, Box>();
  const stepIds = [...sizes.keys()].filter((id) => !id.startsWith("$"));
  const known = stepIds.filter((id) => layout.has(id));
  for (const [id, size] of sizes) {
    const position = layout.get(id);
    if (position) boxes.set(id, { x: position[0], y: position[1], ...size });
  }
  if (!known.length) {
    for (const [id, box] of layoutLayers(sizes, edges)) if (!boxes.has(id)) boxes.set(id, box);
    return boxes;
  }
  for (const id of stepIds) {
    if (boxes.has(id)) continue;
    const source = edges
      .filter((edge) => edge.to === id && boxes.has(edge.from))
      .map((edge) => boxes.get(edge.from))[0];
    const start = source ? { x: source.x + source.width + GAP.x, y: source.y } : belowAll(boxes);
    boxes.set(id, freeBox({ ...start, ...(sizes.get(id) as Box) }, boxes));
  }
  if (sizes.has(INPUTS)) placeTerminals(boxes, sizes);
  return boxes;
}

/** Place the inputs before the first step and the outputs after the last one. */
function placeTerminals(boxes: Map<string, Box>, sizes: Sizes): void {
  const placed = [...boxes.entries()].filter(([id]) => !id.startsWith("$")).map(([, box]) => box);
  const left = placed.reduce((best, box) => (box.x < best.x ? box : best));
  const right = placed.reduce((best, box) => (box.x + box.width > best.x + best.width ? box : best));
  const size = sizes.get(INPUTS) as Box;
  if (!boxes.has(INPUTS)) boxes.set(INPUTS, { ...size, x: left.x - size.width - GAP.x, y: left.y });
  if (!boxes.has(OUTPUTS)) boxes.set(OUTPUTS, { ...size, x: right.x + right.width + GAP.x, y: right.y });
}

const belowAll = (boxes: ReadonlyMap<string, Box>) => ({
  x: Math.min(...[...boxes.values()].map((box) => box.x)),
  y: Math.max(...[...boxes.values()].map((box) => box.y + box.height)) + GAP.y,
});

/** Move a box down until it covers no other. */
export function freeBox(box: Box, others: ReadonlyMap<string, Box>): Box {
  const covers = (other: Box) =>
    box.x < other.x + other.width + 8 &&
    other.x < box.x + box.width + 8 &&
    box.y < other.y + other.height + 8 &&
    other.y < box.y + box.height + 8;
  let free = box;
  for (let tries = 0; tries <= others.size; tries++) {
    box = free;
    const covered = [...others.values()].find(covers);
    if (!covered) return free;
    free = { ...free, y: covered.y + covered.height + GAP.y };
  }
  return free;
}

/** Lay out nodes in layers from left to right. */
function layoutLayers(sizes: Sizes, edges: Edge[]): Map<string, Box> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranksep: GAP.x, nodesep: GAP.y });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, size] of sizes) graph.setNode(id, { ...size });
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  const nodes = [...sizes].map(([id, size]) => ({ id, size, at: graph.node(id) as { x: number; y: number } }));
  const left = Math.min(...nodes.map(({ at, size }) => at.x - size.width / 2));
  const top = Math.min(...nodes.map(({ at, size }) => at.y - size.height / 2));
  return new Map(
    nodes.map(({ id, size, at }) => [
      id,
      { x: Math.round(at.x - size.width / 2 - left), y: Math.round(at.y - size.height / 2 - top), ...size },
    ]),
  );
}

/** Return positions for all nodes, as if none had one. */
export function autoLayout(graph: Graph): Map<string, Position> {
  return new Map([...placeNodes(graph, new Map())].map(([id, box]) => [id, [box.x, box.y]]));
}

/** Return the frames of the groups: the area of their steps, by name. */
export function groupBoxes(graph: Graph, boxes: ReadonlyMap<string, Box>): Map<string, Box> {
  const frames = new Map<string, Box>();
  for (const group of readGroups(graph.top)) {
    const members = group.steps.flatMap((id) => (id.includes(".") ? [] : (boxes.get(id) ?? [])));
    if (!members.length) continue;
    const x = Math.min(...members.map((box) => box.x)) - 16;
    const y = Math.min(...members.map((box) => box.y)) - 40;
    const width = Math.max(...members.map((box) => box.x + box.width)) - x + 16;
    const height = Math.max(...members.map((box) => box.y + box.height)) - y + 16;
    frames.set(group.name, { x, y, width, height });
  }
  return frames;
}

/** Return the id of the container under a point of the canvas, or null. The step `without` and its steps are ignored. */
export function containerAt(
  graph: Graph,
  boxes: ReadonlyMap<string, Box>,
  point: Position,
  without?: string,
): string | null {
  let found: string | null = null;
  const search = (parent: string | null, x: number, y: number): void => {
    for (const step of graph.steps) {
      const box = boxes.get(step.id);
      if (step.parent !== parent || !hasSteps(step.fields.kind) || !box || step.id === without) continue;
      if (x < box.x || y < box.y || x > box.x + box.width || y > box.y + box.height) continue;
      found = joinId(parent, step.name);
      search(step.id, x - box.x - CONTAINER_PADDING, y - box.y - CONTAINER_TOP);
    }
  };
  search(null, point[0], point[1]);
  return found;
}

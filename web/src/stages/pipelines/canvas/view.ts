import type { Edge, Node } from "@xyflow/react";
import { type Note, readGroups, readNotes } from "../model/definition";
import { dataEdges, edgeSource, type Graph, INPUTS, OUTPUTS } from "../model/graph";
import { hasSteps, stepPorts, summarise } from "./kinds";
import { type Box, CONTAINER_PADDING, CONTAINER_TOP, groupBoxes } from "./layout";

/** What a canvas shows about a step beside its settings. */
export type StepMark = {
  state?: string;
  detail?: string;
  errors?: number;
  warnings?: number;
  change?: "added" | "removed" | "changed";
};
export type StepView = {
  id: string;
  name: string;
  title: string;
  kind: string;
  summary: string;
  ports: string;
} & StepMark;
export type StepNode = Node<StepView, "step" | "container">;
export type TerminalNode = Node<{ names: string } & StepMark, "terminal">;
export type NoteNode = Node<{ text: string; index: number }, "note">;
export type FrameNode = Node<{ name: string; members: string }, "frame">;
export type CanvasNode = StepNode | TerminalNode | NoteNode | FrameNode;
export type CanvasEdge = Edge<{ kind: "data" | "control"; reference?: string; outputs?: string[] } & EdgeMark>;
export type EdgeMark = { change?: "added" | "removed"; active?: boolean };

const NOTE_SIZE = { width: 200, height: 110 };

export const noteId = (index: number) => `note:${index}`;
export const frameId = (name: string) => `group:${name}`;
export const isStepId = (id: string): boolean => !id.includes(":") && !id.startsWith("$");
const sameFields = (a: object, b: object): boolean =>
  Object.keys({ ...a, ...b }).every((key) => a[key as never] === b[key as never]);

/** Return the position of a node in the canvas, from its place relative to the content of its container. */
export const toCanvasPosition = (box: Box, parent: string | null) =>
  parent === null ? { x: box.x, y: box.y } : { x: box.x + CONTAINER_PADDING, y: box.y + CONTAINER_TOP };

/** Return the inverse of `toCanvasPosition`. */
export const fromCanvasPosition = (at: { x: number; y: number }, parent: string | null): [number, number] =>
  parent === null ? [at.x, at.y] : [at.x - CONTAINER_PADDING, at.y - CONTAINER_TOP];

type Options = {
  marks?: ReadonlyMap<string, StepMark>;
  selected?: ReadonlySet<string>;
  focused?: string;
  readOnly?: boolean;
  label: (view: StepView) => string;
  terminals: { inputs: string; outputs: string };
};

/** Return the nodes of a graph. Nodes that did not change since `previous` are reused, so they are not drawn again. */
export function toNodes(
  graph: Graph,
  boxes: ReadonlyMap<string, Box>,
  options: Options,
  previous: ReadonlyMap<string, CanvasNode> = new Map(),
): CanvasNode[] {
  const { marks, selected, focused, readOnly } = options;
  const nodes: CanvasNode[] = [];
  const add = (node: CanvasNode, isSelected: boolean): void => {
    const tabIndex = node.id === focused ? 0 : -1;
    const old = previous.get(node.id);
    const same =
      old?.type === node.type &&
      old.width === node.width &&
      old.height === node.height &&
      old.parentId === node.parentId &&
      old.position.x === node.position.x &&
      old.position.y === node.position.y &&
      (old.selected ?? false) === isSelected &&
      old.domAttributes?.tabIndex === tabIndex &&
      sameFields(old.data, node.data);
    if (same) nodes.push(old);
    else {
      const data = old && old.type === node.type && sameFields(old.data, node.data) ? old.data : node.data;
      const measured = old?.measured; // without it, the library forgets where the handles are
      nodes.push({ ...node, data, measured, selected: isSelected, domAttributes: { tabIndex } } as CanvasNode);
    }
  };
  for (const [name, box] of groupBoxes(graph, boxes)) {
    const members = readGroups(graph.top).find((group) => group.name === name)?.steps ?? [];
    const data = { name, members: members.join(" ") };
    const position = { x: box.x, y: box.y };
    add(
      {
        id: frameId(name),
        type: "frame",
        position,
        data,
        ...sizeOf(box),
        draggable: false,
        zIndex: -1,
        ariaLabel: name,
      },
      selected?.has(frameId(name)) ?? false,
    );
  }
  for (const id of [INPUTS, OUTPUTS]) {
    const box = boxes.get(id);
    if (!box) continue;
    const fields = graph.top[id.slice(1)];
    const names = fields && typeof fields === "object" ? Object.keys(fields).join(", ") : "";
    const ariaLabel = id === INPUTS ? options.terminals.inputs : options.terminals.outputs;
    const position = { x: box.x, y: box.y };
    const data = { names, ...marks?.get(id) };
    add({ id, type: "terminal", position, data, ...sizeOf(box), ariaLabel }, selected?.has(id) ?? false);
  }
  for (const step of graph.steps) {
    const box = boxes.get(step.id);
    if (!box) continue;
    const data: StepView = {
      id: step.id,
      name: step.name,
      title: typeof step.fields.title === "string" && step.fields.title ? step.fields.title : step.name,
      kind: step.fields.kind,
      summary: summarise(step.fields),
      ports: stepPorts(step.fields).join(" "),
      ...marks?.get(step.id),
    };
    const node: StepNode = {
      id: step.id,
      type: hasSteps(step.fields.kind) ? "container" : "step",
      position: toCanvasPosition(box, step.parent),
      data,
      ...sizeOf(box),
      ariaLabel: options.label(data),
    };
    if (step.parent !== null) node.parentId = step.parent;
    add(node, selected?.has(step.id) ?? false);
  }
  readNotes(graph.top).forEach((note, index) => {
    const data = { text: note.text, index };
    const node: NoteNode = { id: noteId(index), type: "note", position: notePosition(note), data, ...NOTE_SIZE };
    node.ariaLabel = note.text.slice(0, 80);
    if (readOnly) node.draggable = false;
    add(node, selected?.has(node.id) ?? false);
  });
  return nodes;
}

const sizeOf = ({ width, height }: Box) => ({ width, height });
const notePosition = ({ position = [0, 0] }: Note) => ({ x: Number(position[0]), y: Number(position[1]) });

/** Return the id of a control edge. */
export const controlEdgeId = (reference: string, to: string) => `after:${reference}>${to}`;

/** Return the edges of a graph, control edges first. A pair of steps with both has both. */
export function toEdges(graph: Graph, marks?: ReadonlyMap<string, EdgeMark>): CanvasEdge[] {
  const ids = new Set([...graph.steps.map((step) => step.id), INPUTS, OUTPUTS]);
  const control = graph.edges.map((edge): CanvasEdge => {
    const { from, port } = edgeSource(edge);
    const id = controlEdgeId(edge.reference, edge.to);
    const data = { kind: "control" as const, reference: edge.reference, ...marks?.get(id) };
    return { id, source: from, sourceHandle: port ?? null, target: edge.to, data, label: port, deletable: true };
  });
  const data = dataEdges(graph).map(({ from, to, outputs }): CanvasEdge => {
    const id = `data:${from}>${to}`;
    return { id, source: from, target: to, data: { kind: "data", outputs, ...marks?.get(id) }, deletable: false };
  });
  return [...control, ...data].filter((edge) => ids.has(edge.source) && ids.has(edge.target));
}

/** Return the node that is nearest in the direction of an arrow key, or null. */
export function nearestNode(
  boxes: readonly { id: string; x: number; y: number; width: number; height: number }[],
  from: string,
  key: string,
): string | null {
  const start = boxes.find((box) => box.id === from);
  if (!start) return boxes[0]?.id ?? null;
  const middle = (box: Box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
  const a = middle(start);
  let best: { id: string; distance: number } | null = null;
  for (const box of boxes) {
    if (box.id === from) continue;
    const b = middle(box);
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const along = { ArrowRight: dx, ArrowLeft: -dx, ArrowDown: dy, ArrowUp: -dy }[key] ?? 0;
    const across = key === "ArrowRight" || key === "ArrowLeft" ? Math.abs(dy) : Math.abs(dx);
    if (along < 8) continue;
    const distance = along + across * 2;
    if (!best || distance < best.distance) best = { id: box.id, distance };
  }
  return best?.id ?? null;
}

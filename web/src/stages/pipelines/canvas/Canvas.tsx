import { useComputedColorScheme } from "@mantine/core";
import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  Controls,
  type EdgeChange,
  type FinalConnectionState,
  MarkerType,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import {
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useMessages } from "@/app/i18n";
import type { Position } from "../model/definition";
import { findStep, type Graph, INPUTS } from "../model/graph";
import c from "./canvas.module.css";
import { useCanvasKeys } from "./keys";
import { containerAt, placeNodes } from "./layout";
import { NODE_TYPES } from "./nodes";
import {
  type CanvasEdge,
  type CanvasNode,
  type EdgeMark,
  fromCanvasPosition,
  isStepId,
  type StepMark,
  type StepView,
  toEdges,
  toNodes,
} from "./view";

/** Place for a new step: the position within its container. */
export type Place = { parent: string | null; position: Position };

/** Functions of a canvas for its toolbar. */
export type CanvasHandle = {
  /** Move the keyboard focus to a node and show it. */
  focusNode: (id: string) => void;
  fit: () => void;
  /** Return the place in the middle of the window. */
  center: () => Place;
};

export type CanvasProps = {
  graph: Graph;
  label: string;
  marks?: ReadonlyMap<string, StepMark>;
  edgeMarks?: ReadonlyMap<string, EdgeMark>;
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  selectedEdge?: string | null;
  onSelectEdge?: (edge: CanvasEdge | null) => void;
  readOnly?: boolean;
  /** Whether a dialog is open or about to get the focus. */
  ignoresKeys?: boolean;
  onMove?: (positions: ReadonlyMap<string, Position>) => void;
  /** Called if nodes are dropped in another container than their own; null is the outermost level. */
  onMoveInto?: (parent: string | null, positions: ReadonlyMap<string, Position>) => void;
  onConnect?: (from: string, to: string, port?: string) => void;
  /** Called if a connection is dropped on an empty place. */
  onConnectNew?: (from: string, port: string | undefined, place: Place) => void;
  /** Called for Enter on a node. */
  onOpen?: (id: string) => void;
  /** Called for other keys while the canvas has the focus. */
  onKey?: (event: KeyboardEvent) => void;
  ref?: Ref<CanvasHandle>;
  children?: ReactNode;
};

const FIT = { maxZoom: 1, padding: 0.12 };
const MIN_STEPS_WITH_MAP = 10;
const ARROW = { type: MarkerType.ArrowClosed, width: 16, height: 16 };
const CHANGE_COLORS = { added: "var(--good)", removed: "var(--bad)" };

function styleEdge(edge: CanvasEdge, selected: boolean): CanvasEdge {
  const { kind, change, active } = edge.data ?? { kind: "data" };
  const color = change ? CHANGE_COLORS[change] : selected || active ? "var(--series-1)" : undefined;
  const dash = change === "removed" ? "2 4" : kind === "control" ? "6 4" : undefined;
  return {
    ...edge,
    selected,
    animated: active,
    style: { stroke: color, strokeDasharray: dash, strokeWidth: selected || change ? 2.5 : undefined },
    markerEnd: color ? { ...ARROW, color } : ARROW,
  };
}

/** Mark a container as the target of a drag. */
function withDropMark(node: CanvasNode, isTarget: boolean): CanvasNode {
  if (Boolean(node.className) === isTarget) return node;
  return { ...node, className: isTarget ? c.dropTarget : undefined };
}

/** Show a pipeline as a graph that can be moved, connected and navigated by mouse and by keyboard. */
export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow(props: CanvasProps) {
  const { graph, label, marks, edgeMarks, selected, onSelect, selectedEdge, onSelectEdge, readOnly } = props;
  const t = useMessages().pipelines;
  const scheme = useComputedColorScheme("light");
  const flow = useReactFlow<CanvasNode, CanvasEdge>();
  const wrapper = useRef<HTMLDivElement>(null);
  const markedTarget = useRef<string | null>(null);
  const [focused, setFocused] = useState<string>(INPUTS);
  const boxes = useMemo(() => placeNodes(graph), [graph]);
  const [nodes, setNodes] = useState<CanvasNode[]>([]);
  const nodeLabel = useCallback(
    (view: StepView) => {
      const kind = t.kinds[view.kind as keyof typeof t.kinds]?.name ?? view.kind;
      const state = view.state && (t.states[view.state as keyof typeof t.states] ?? view.state);
      const findings = view.errors ? t.findings.errors(view.errors) : "";
      const change = view.change && t.changes[view.change];
      return [kind, view.title, state, change, findings].filter(Boolean).join(", ");
    },
    [t],
  );
  const tabStop = graph.steps.some((step) => step.id === focused) || focused.startsWith("$") ? focused : INPUTS;
  useLayoutEffect(() => {
    const terminals = { inputs: t.canvas.inputs, outputs: t.canvas.outputs };
    const options = { marks, selected, focused: tabStop, readOnly, label: nodeLabel, terminals };
    setNodes((previous) => toNodes(graph, boxes, options, new Map(previous.map((node) => [node.id, node]))));
  }, [graph, boxes, marks, selected, tabStop, readOnly, nodeLabel, t]);
  const edges = useMemo(
    () => toEdges(graph, edgeMarks).map((edge) => styleEdge(edge, edge.id === selectedEdge)),
    [graph, edgeMarks, selectedEdge],
  );

  const focusNode = useCallback(
    (id: string) => {
      setFocused(id);
      requestAnimationFrame(() => {
        const element = wrapper.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
        element?.focus({ preventScroll: true });
        const frame = wrapper.current?.getBoundingClientRect();
        const box = element?.getBoundingClientRect();
        if (!frame || !box) return;
        const isVisible =
          box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
        const node = flow.getInternalNode(id);
        if (isVisible || !node) return;
        const { x, y } = node.internals.positionAbsolute;
        const zoom = Math.max(flow.getZoom(), 0.5);
        void flow.setCenter(x + (node.width ?? 0) / 2, y + (node.height ?? 0) / 2, { zoom });
      });
    },
    [flow],
  );
  const toPlace = useCallback(
    (point: { x: number; y: number }): Place => {
      const { x, y } = flow.screenToFlowPosition(point);
      const parent = containerAt(graph, boxes, [x, y]);
      const node = parent === null ? undefined : flow.getInternalNode(parent);
      const origin = node?.internals.positionAbsolute ?? { x: 0, y: 0 };
      return { parent, position: fromCanvasPosition({ x: x - origin.x, y: y - origin.y }, parent) };
    },
    [flow, graph, boxes],
  );
  useImperativeHandle(
    props.ref,
    () => ({
      focusNode,
      fit: () => void requestAnimationFrame(() => flow.fitView(FIT)),
      center: () => {
        const frame = wrapper.current?.getBoundingClientRect();
        if (!frame) return { parent: null, position: [0, 0] };
        const { x, y } = flow.screenToFlowPosition({
          x: frame.left + frame.width / 2,
          y: frame.top + frame.height / 2,
        });
        return { parent: null, position: [x, y] };
      },
    }),
    [flow, focusNode],
  );

  const onNodesChange = (changes: NodeChange<CanvasNode>[]) => {
    const moves = changes.filter((change) => change.type === "position" || change.type === "dimensions");
    if (moves.length) setNodes((current) => applyNodeChanges(moves, current));
    const selections = changes.filter((change) => change.type === "select");
    if (!selections.length) return;
    const next = new Set(selected);
    for (const change of selections) {
      if (change.selected) next.add(change.id);
      else next.delete(change.id);
      if (change.selected) setFocused(change.id);
    }
    onSelect(next);
  };
  const onEdgesChange = (changes: EdgeChange<CanvasEdge>[]) => {
    for (const change of changes)
      if (change.type === "select" && change.selected) {
        // Edges take no focus, but keys such as Delete work on the selected one.
        wrapper.current?.focus({ preventScroll: true });
        onSelectEdge?.(edges.find((edge) => edge.id === change.id) ?? null);
      } else if (change.type === "select" && change.id === selectedEdge) onSelectEdge?.(null);
  };
  const commitMove = (moved: CanvasNode[]) => {
    const positions = moved.map((node) => {
      const parent = findStep(graph, node.id)?.parent ?? null;
      const [x, y] = fromCanvasPosition(node.position, isStepId(node.id) ? parent : null);
      return [node.id, (parent === null ? [x, y] : [Math.max(0, x), Math.max(0, y)]) as Position] as const;
    });
    if (positions.length) props.onMove?.(new Map(positions));
  };
  /** Return the container under the middle of a dragged step, or undefined if it is the own one. */
  const dropTarget = (node: CanvasNode): string | null | undefined => {
    const step = findStep(graph, node.id);
    const at = flow.getInternalNode(node.id)?.internals.positionAbsolute;
    if (!step || !at) return undefined;
    const middle: Position = [at.x + (node.width ?? 0) / 2, at.y + (node.height ?? 0) / 2];
    const target = containerAt(graph, boxes, middle, step.id);
    return target === step.parent ? undefined : target;
  };
  const onDrag = (node: CanvasNode) => {
    const target = props.onMoveInto ? (dropTarget(node) ?? null) : null;
    if (target === markedTarget.current) return;
    markedTarget.current = target;
    setNodes((current) => current.map((one) => withDropMark(one, one.id === target)));
  };
  const onDrop = (node: CanvasNode | undefined, moved: CanvasNode[]) => {
    if (markedTarget.current !== null) setNodes((current) => current.map((one) => withDropMark(one, false)));
    markedTarget.current = null;
    const target = node && props.onMoveInto ? dropTarget(node) : undefined;
    if (target === undefined) return commitMove(moved);
    const origin = target === null ? { x: 0, y: 0 } : flow.getInternalNode(target)?.internals.positionAbsolute;
    const positions = moved.flatMap((one): [string, Position][] => {
      const at = flow.getInternalNode(one.id)?.internals.positionAbsolute;
      if (!at || !origin || !isStepId(one.id)) return [];
      const [x, y] = fromCanvasPosition({ x: at.x - origin.x, y: at.y - origin.y }, target);
      return [[one.id, target === null ? [x, y] : [Math.max(0, x), Math.max(0, y)]]];
    });
    props.onMoveInto?.(target, new Map(positions));
  };
  const onConnectEnd = (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    if (state.isValid || state.toNode || !state.fromNode || state.fromHandle?.type !== "source") return;
    const point = "changedTouches" in event ? event.changedTouches[0] : event;
    if (!point) return;
    props.onConnectNew?.(
      state.fromNode.id,
      state.fromHandle.id ?? undefined,
      toPlace({ x: point.clientX, y: point.clientY }),
    );
  };
  // The keyboard works on the node that has the focus, so the focus selects it.
  const onFocus = (event: FocusEvent) => {
    const element = event.target;
    const id = element.classList.contains("react-flow__node") ? element.getAttribute("data-id") : null;
    if (id === null || !element.matches(":focus-visible")) return;
    setFocused(id);
    if (!selected.has(id)) onSelect(new Set([id]));
  };
  const onKeyDown = useCanvasKeys({ ...props, focused: tabStop, focusNode, boxes, commitMove });
  return (
    <div
      className={c.canvas}
      ref={wrapper}
      tabIndex={-1}
      role="group"
      aria-label={label}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onNodeDrag={(_event, node) => onDrag(node)}
        onNodeDragStop={(_event, node, moved) => onDrop(node, moved)}
        onSelectionDragStop={(_event, moved) => onDrop(moved[0], moved)}
        onNodeDoubleClick={(_event, node) => props.onOpen?.(node.id)}
        onConnect={({ source, target, sourceHandle }: Connection) =>
          props.onConnect?.(source, target, sourceHandle ?? undefined)
        }
        onConnectEnd={onConnectEnd}
        colorMode={scheme}
        fitView
        fitViewOptions={FIT}
        minZoom={0.08}
        maxZoom={1.6}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        edgesFocusable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        elevateNodesOnSelect={false}
        onlyRenderVisibleElements={graph.steps.length > 100}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={18} size={1.2} />
        <Controls showInteractive={false} position="bottom-left" aria-label={t.canvas.view} fitViewOptions={FIT} />
        {graph.steps.length >= MIN_STEPS_WITH_MAP && (
          <MiniMap
            pannable
            zoomable
            position="bottom-right"
            style={{ width: 150, height: 96 }}
            ariaLabel={t.canvas.overview}
          />
        )}
        {props.children}
      </ReactFlow>
    </div>
  );
}

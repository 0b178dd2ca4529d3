import dagre from "@dagrejs/dagre";
import { useComputedColorScheme } from "@mantine/core";
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo, type ReactNode, useMemo } from "react";
import { useMessages } from "@/app/i18n";
import c from "./Graph.module.css";

/** A node: what it is called, what kind it is (its colour), and a line below. */
export type GraphNode = {
  id: string;
  title: string;
  kind?: string;
  note?: ReactNode;
  color?: string;
  active?: boolean;
};
export type GraphEdge = { from: string; to: string; label?: string };

type Props = {
  nodes: GraphNode[];
  edges: GraphEdge[];
  label: string;
  height?: number | string;
  onOpen?: (id: string) => void;
  direction?: "LR" | "TB";
  /** Room between what comes after one another. */
  gap?: number;
};
type Card = Node<{ node: GraphNode; direction: "LR" | "TB" }>;

const WIDTH = 208;
const HEIGHT = 66;

const CardNode = memo(function CardNode({ data: { node, direction } }: NodeProps<Card>) {
  const [into, out] = direction === "LR" ? [Position.Left, Position.Right] : [Position.Top, Position.Bottom];
  return (
    <div
      className={c.card}
      data-active={node.active || undefined}
      style={{ "--kind": `var(${node.color ?? "--muted"})` } as React.CSSProperties}
    >
      <Handle type="target" position={into} className={c.handle} isConnectable={false} />
      <div className={c.kind}>{node.kind}</div>
      <div className={c.title} title={node.title}>
        {node.title}
      </div>
      <div className={c.note}>{node.note}</div>
      <Handle type="source" position={out} className={c.handle} isConnectable={false} />
    </div>
  );
});
const TYPES = { card: CardNode };

/** Place nodes in layers, so that what comes from something stands after it. */
export function layout(nodes: GraphNode[], edges: GraphEdge[], direction: "LR" | "TB", gap = 56) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: direction, nodesep: 24, ranksep: gap });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT });
  const known = new Set(nodes.map((node) => node.id));
  for (const edge of edges) if (known.has(edge.from) && known.has(edge.to)) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  return new Map(
    nodes.map((node) => [node.id, { x: graph.node(node.id).x - WIDTH / 2, y: graph.node(node.id).y - HEIGHT / 2 }]),
  );
}

/** What came from what, as cards and arrows. Cards open what they stand for. */
export default function Graph({ nodes, edges, label, height = 380, onOpen, direction = "LR", gap }: Props) {
  const t = useMessages().app.graph;
  const scheme = useComputedColorScheme("light");
  const placed = useMemo(() => {
    const places = layout(nodes, edges, direction, gap);
    return nodes.map(
      (node): Card => ({
        id: node.id,
        type: "card",
        position: places.get(node.id) ?? { x: 0, y: 0 },
        data: { node, direction },
        width: WIDTH,
        height: HEIGHT,
        ariaLabel: `${node.kind ?? ""} ${node.title}`,
      }),
    );
  }, [nodes, edges, direction, gap]);
  const lines = useMemo(
    () =>
      edges.map(
        (edge): Edge => ({ id: `${edge.from}>${edge.to}`, source: edge.from, target: edge.to, label: edge.label }),
      ),
    [edges],
  );
  return (
    <div style={{ height }} className={c.canvas} role="group" aria-label={label}>
      <ReactFlow
        key={nodes.map((node) => node.id).join()}
        nodes={placed}
        edges={lines}
        nodeTypes={TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: gap ? 0.06 : 0.15 }}
        minZoom={0.15}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        onNodeClick={(_, node) => onOpen?.(node.id)}
        onKeyDown={(event) => {
          const id = (event.target as HTMLElement).closest("[data-id]")?.getAttribute("data-id");
          if (event.key === "Enter" && id) onOpen?.(id);
        }}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={20} />
        <Controls
          position={gap ? "bottom-right" : "bottom-left"}
          showInteractive={false}
          aria-label={t.label}
          fitViewOptions={{ maxZoom: 1 }}
        />
      </ReactFlow>
    </div>
  );
}

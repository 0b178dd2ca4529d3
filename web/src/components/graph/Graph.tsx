import dagre from "@dagrejs/dagre";
import { useComputedColorScheme } from "@mantine/core";
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo, type ReactNode, useMemo } from "react";
import { useMessages } from "@/app/i18n";
import c from "./Graph.module.css";

/** Node: title, kind (its colour) and a note. */
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
  /** Space between layers. */
  gap?: number;
};
type Card = Node<{ node: GraphNode; direction: "LR" | "TB" }>;

const WIDTH = 208;
const HEIGHT = 66;

const CardNode = memo(function CardNode({ data: { node, direction } }: NodeProps<Card>) {
  const [targetPosition, sourcePosition] =
    direction === "LR" ? [Position.Left, Position.Right] : [Position.Top, Position.Bottom];
  return (
    <div
      className={c.card}
      data-active={node.active || undefined}
      style={{ "--kind": `var(${node.color ?? "--muted"})` } as React.CSSProperties}
    >
      <Handle type="target" position={targetPosition} className={c.handle} isConnectable={false} />
      <div className={c.kind}>{node.kind}</div>
      <div className={c.title} title={node.title}>
        {node.title}
      </div>
      <div className={c.note}>{node.note}</div>
      <Handle type="source" position={sourcePosition} className={c.handle} isConnectable={false} />
    </div>
  );
});
const NODE_TYPES = { card: CardNode };

/** Lay out nodes in layers, so that every node comes after its sources. */
export function layout(nodes: GraphNode[], edges: GraphEdge[], direction: "LR" | "TB", gap = 56) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: direction, nodesep: 24, ranksep: gap });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT });
  const nodeIds = new Set(nodes.map((node) => node.id));
  for (const edge of edges) if (nodeIds.has(edge.from) && nodeIds.has(edge.to)) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  return new Map(
    nodes.map((node) => [node.id, { x: graph.node(node.id).x - WIDTH / 2, y: graph.node(node.id).y - HEIGHT / 2 }]),
  );
}

/** Show a directed graph as cards and arrows. A click on a card opens its entity. */
export default function Graph({ nodes, edges, label, height = 380, onOpen, direction = "LR", gap }: Props) {
  const t = useMessages().app.graph;
  const scheme = useComputedColorScheme("light");
  const flowNodes = useMemo(() => {
    const positions = layout(nodes, edges, direction, gap);
    return nodes.map(
      (node): Card => ({
        id: node.id,
        type: "card",
        position: positions.get(node.id) ?? { x: 0, y: 0 },
        data: { node, direction },
        width: WIDTH,
        height: HEIGHT,
        ariaLabel: `${node.kind ?? ""} ${node.title}`,
      }),
    );
  }, [nodes, edges, direction, gap]);
  const flowEdges = useMemo(
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
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={NODE_TYPES}
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

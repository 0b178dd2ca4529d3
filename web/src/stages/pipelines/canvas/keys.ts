import { useReactFlow } from "@xyflow/react";
import type { KeyboardEvent } from "react";
import type { CanvasProps } from "./Canvas";
import type { Box } from "./layout";
import { isTyping } from "./typing";
import { type CanvasEdge, type CanvasNode, nearestNode } from "./view";

const STEP_PX = 18;
const ARROWS: Record<string, { x: number; y: number }> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

type Options = CanvasProps & {
  focused: string;
  focusNode: (id: string) => void;
  boxes: ReadonlyMap<string, Box>;
  commitMove: (moved: CanvasNode[]) => void;
};

/**
 * Return the key handler of a canvas: arrows move the focus to the next node, with Alt they move the selected nodes.
 * Space selects, Enter opens, Escape clears the selection. All other keys go to `onKey`.
 */
export function useCanvasKeys(options: Options): (event: KeyboardEvent) => void {
  const { selected, onSelect, focused, focusNode, commitMove, readOnly } = options;
  const flow = useReactFlow<CanvasNode, CanvasEdge>();
  const moveSelected = (key: string, factor: number) => {
    const ids = selected.size ? selected : new Set([focused]);
    const by = ARROWS[key] as { x: number; y: number };
    const moved = flow
      .getNodes()
      .filter((node) => ids.has(node.id) && node.draggable !== false)
      .map((node) => ({
        ...node,
        position: {
          x: node.position.x + by.x * STEP_PX * factor,
          y: node.position.y + by.y * STEP_PX * factor,
        },
      }));
    commitMove(moved as CanvasNode[]);
  };
  const moveFocus = (event: KeyboardEvent) => {
    const all = flow.getNodes().flatMap((node) => {
      const place = flow.getInternalNode(node.id)?.internals.positionAbsolute;
      return place && node.type !== "frame"
        ? [{ id: node.id, ...place, width: node.width ?? 0, height: node.height ?? 0 }]
        : [];
    });
    const next = nearestNode(all, focused, event.key);
    if (!next) return;
    onSelect(event.shiftKey ? new Set([...selected, next]) : new Set([next]));
    focusNode(next);
  };
  return (event) => {
    if (options.ignoresKeys || isTyping(event)) return;
    const isNode = event.target instanceof Element && event.target.closest(".react-flow__node") !== null;
    if (event.key in ARROWS && !event.ctrlKey && !event.metaKey && isNode) {
      event.preventDefault();
      if (!event.altKey) moveFocus(event);
      else if (!readOnly) moveSelected(event.key, event.shiftKey ? 4 : 1);
    } else if (event.key === " " && isNode) {
      event.preventDefault();
      const next = new Set(selected);
      if (!next.delete(focused)) next.add(focused);
      onSelect(next);
    } else if (event.key === "Enter" && isNode) {
      event.preventDefault();
      options.onOpen?.(focused);
    } else if (event.key === "Escape" && selected.size) onSelect(new Set());
    else options.onKey?.(event);
  };
}

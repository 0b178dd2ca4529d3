import type { Schema } from "@/api/client";

type Trace = Schema["Trace"];
type Node = Schema["SpanNode"];
type Span = Schema["SpanSummary"];

/** Row of a waterfall: span, depth, and position of its bar as a share of the full width. */
export type Bar = { span: Span; depth: number; offset: number; left: number; width: number; children: number };

/** Minimum share of the width, so that a bar stays visible. */
const MIN_BAR_SHARE = 0.004;

/** Return the rows of a trace from top to bottom. Descendants of spans in `folded` are omitted. */
export function layoutBars(
  trace: Pick<Trace, "roots" | "duration_ms">,
  folded: ReadonlySet<string> = new Set(),
): Bar[] {
  const total = Math.max(trace.duration_ms, 1e-6);
  const bars: Bar[] = [];
  const stack: { node: Node; depth: number }[] = [...trace.roots].reverse().map((node) => ({ node, depth: 0 }));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, depth } = next;
    const left = toShare(node.offset_ms / total);
    const width = Math.min(1 - left, Math.max(MIN_BAR_SHARE, node.span.duration_ms / total));
    const children = node.children ?? [];
    bars.push({ span: node.span, depth, offset: node.offset_ms, left, width, children: children.length });
    if (!folded.has(node.span.id))
      for (const child of [...children].reverse()) stack.push({ node: child, depth: depth + 1 });
  }
  return bars;
}

const toShare = (value: number) => Math.max(0, Math.min(1 - MIN_BAR_SHARE, value));

/** Return the ticks of the axis: 0, the total duration and equal steps between. */
export function ticks(duration: number, steps = 4): number[] {
  return Array.from({ length: steps + 1 }, (_, index) => (duration * index) / steps);
}

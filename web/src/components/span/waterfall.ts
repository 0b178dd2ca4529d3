import type { S } from "@/api/client";

type Trace = S["Trace"];
type Node = S["SpanNode"];
type Span = S["SpanSummary"];

/** A line of a waterfall: the span, how deep it hangs, and where its bar lies, as shares of the whole width. */
export type Bar = { span: Span; depth: number; offset: number; left: number; width: number; children: number };

/** A bar is never thinner than this share, so that it can be seen. */
const THINNEST = 0.004;

/** The lines of a trace from top to bottom. What lies below a span in `folded` is left out. */
export function layOut(trace: Pick<Trace, "roots" | "duration_ms">, folded: ReadonlySet<string> = new Set()): Bar[] {
  const whole = Math.max(trace.duration_ms, 1e-6);
  const bars: Bar[] = [];
  const waiting: { node: Node; depth: number }[] = [...trace.roots].reverse().map((node) => ({ node, depth: 0 }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, depth } = next;
    const left = share(node.offset_ms / whole);
    const width = Math.min(1 - left, Math.max(THINNEST, node.span.duration_ms / whole));
    const children = node.children ?? [];
    bars.push({ span: node.span, depth, offset: node.offset_ms, left, width, children: children.length });
    if (!folded.has(node.span.id))
      for (const child of [...children].reverse()) waiting.push({ node: child, depth: depth + 1 });
  }
  return bars;
}

const share = (value: number) => Math.max(0, Math.min(1 - THINNEST, value));

/** Moments of the axis: 0, the whole, and equal steps between them. */
export function ticks(duration: number, steps = 4): number[] {
  return Array.from({ length: steps + 1 }, (_, index) => (duration * index) / steps);
}

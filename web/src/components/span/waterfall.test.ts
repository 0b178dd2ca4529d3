import { expect, test } from "vitest";
import type { S } from "@/api/client";
import { layOut, ticks } from "./waterfall";

const node = (id: string, offset: number, duration: number, children: S["SpanNode"][] = []): S["SpanNode"] => ({
  span: { id, duration_ms: duration } as S["SpanSummary"],
  offset_ms: offset,
  children,
});
const tree = {
  duration_ms: 1000,
  roots: [node("a", 0, 1000, [node("b", 0, 250, [node("c", 100, 0)]), node("d", 500, 500)])],
};

test("spans follow their parents, each at its place", () => {
  const bars = layOut(tree);
  expect(bars.map((bar) => [bar.span.id, bar.depth, bar.left, bar.width])).toEqual([
    ["a", 0, 0, 1],
    ["b", 1, 0, 0.25],
    ["c", 2, 0.1, 0.004],
    ["d", 1, 0.5, 0.5],
  ]);
});

test("what is folded hides what lies below it, and says how much that is", () => {
  const bars = layOut(tree, new Set(["b"]));
  expect(bars.map((bar) => bar.span.id)).toEqual(["a", "b", "d"]);
  expect(bars[1]?.children).toBe(1);
});

test("a trace without duration and a bar beyond its end stay inside", () => {
  const [instant] = layOut({ duration_ms: 0, roots: [node("a", 0, 0)] });
  expect(instant).toMatchObject({ left: 0, width: 0.004 });
  const [late] = layOut({ duration_ms: 10, roots: [node("a", 30, 5)] });
  expect((late?.left ?? 0) + (late?.width ?? 0)).toBeLessThanOrEqual(1);
});

test("10,000 spans in one chain are laid out without recursion", () => {
  let deep = node("x", 0, 1);
  for (let index = 0; index < 10_000; index++) deep = node(String(index), 0, 1, [deep]);
  expect(layOut({ duration_ms: 1, roots: [deep] })).toHaveLength(10_001);
});

test("the axis has equal steps", () => expect(ticks(100)).toEqual([0, 25, 50, 75, 100]));

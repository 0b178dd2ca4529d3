import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { layoutBars, ticks } from "./waterfall";

const node = (
  id: string,
  offset: number,
  duration: number,
  children: Schema["SpanNode"][] = [],
): Schema["SpanNode"] => ({
  span: { id, duration_ms: duration } as Schema["SpanSummary"],
  offset_ms: offset,
  children,
});
const tree = {
  duration_ms: 1000,
  roots: [node("a", 0, 1000, [node("b", 0, 250, [node("c", 100, 0)]), node("d", 500, 500)])],
};

test("spans follow their parents at the right position", () => {
  const bars = layoutBars(tree);
  expect(bars.map((bar) => [bar.span.id, bar.depth, bar.left, bar.width])).toEqual([
    ["a", 0, 0, 1],
    ["b", 1, 0, 0.25],
    ["c", 2, 0.1, 0.004],
    ["d", 1, 0.5, 0.5],
  ]);
});

test("a folded span hides its descendants and reports the number of its children", () => {
  const bars = layoutBars(tree, new Set(["b"]));
  expect(bars.map((bar) => bar.span.id)).toEqual(["a", "b", "d"]);
  expect(bars[1]?.children).toBe(1);
});

test("bars stay within the axis for a zero duration and for late spans", () => {
  const [instantBar] = layoutBars({ duration_ms: 0, roots: [node("a", 0, 0)] });
  expect(instantBar).toMatchObject({ left: 0, width: 0.004 });
  const [lateBar] = layoutBars({ duration_ms: 10, roots: [node("a", 30, 5)] });
  expect((lateBar?.left ?? 0) + (lateBar?.width ?? 0)).toBeLessThanOrEqual(1);
});

test("10,000 spans in one chain are laid out without recursion", () => {
  let deepTree = node("x", 0, 1);
  for (let index = 0; index < 10_000; index++) deepTree = node(String(index), 0, 1, [deepTree]);
  expect(layoutBars({ duration_ms: 1, roots: [deepTree] })).toHaveLength(10_001);
});

test("the axis has equal steps", () => expect(ticks(100)).toEqual([0, 25, 50, 75, 100]));

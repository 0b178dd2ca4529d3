import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { mergeSpans } from "./useLiveSpans";

const span = (id: string, second: number) =>
  ({ id, started_at: `2026-01-01T00:00:0${second}Z` }) as Schema["SpanSummary"];

test("received spans are merged without duplicates, newest first", () => {
  const previous = [span("b", 2), span("a", 1)];
  const merged = mergeSpans(previous, [span("c", 3), span("b", 2), span("e", 4), span("d", 3)]);
  expect(merged.map((entry) => entry.id)).toEqual(["e", "d", "c", "b", "a"]);
});

test("without new spans, the same list is returned", () => {
  const previous = [span("a", 1)];
  expect(mergeSpans(previous, [span("a", 1)])).toBe(previous);
});

test("the list is limited to the newest 2,000 spans", () => {
  const manySpans = Array.from({ length: 3000 }, (_, index) => ({
    ...span(String(index).padStart(5, "0"), 1),
  }));
  const merged = mergeSpans([], manySpans);
  expect(merged).toHaveLength(2000);
  expect(merged[0]?.id).toBe("02999");
});

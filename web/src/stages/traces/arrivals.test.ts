import { expect, test } from "vitest";
import type { S } from "@/api/client";
import { merge } from "./useArrivals";

const span = (id: string, second: number) => ({ id, started_at: `2026-01-01T00:00:0${second}Z` }) as S["SpanSummary"];

test("arrivals stand before what was there, each once, newest first", () => {
  const had = [span("b", 2), span("a", 1)];
  const merged = merge(had, [span("c", 3), span("b", 2), span("e", 4), span("d", 3)]);
  expect(merged.map((one) => one.id)).toEqual(["e", "d", "c", "b", "a"]);
});

test("nothing new keeps the list as it is", () => {
  const had = [span("a", 1)];
  expect(merge(had, [span("a", 1)])).toBe(had);
});

test("a long stream keeps its newest 2,000", () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    ...span(String(index).padStart(5, "0"), 1),
  }));
  const merged = merge([], many);
  expect(merged).toHaveLength(2000);
  expect(merged[0]?.id).toBe("02999");
});

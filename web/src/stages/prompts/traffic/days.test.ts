import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { toCurves } from "./days";

const day = (version: string, date: string, calls: number, cost: number | null = null) =>
  ({ version, day: date, calls, cost, latency_p50: 12 }) as Schema["PromptDayStatistics"];

test("each version has a value for each day, and days without calls have no latency", () => {
  const days = [day("a@1", "2026-11-02", 2, 3_000_000), day("a@2", "2026-11-01", 5), day("a@2", "2026-11-02", 1)];
  const calls = toCurves(days, "calls");
  expect(calls.x).toEqual([1793491200, 1793577600]);
  expect(calls.curves).toEqual([
    { version: "a@2", values: [5, 1] },
    { version: "a@1", values: [0, 2] },
  ]);
  expect(toCurves(days, "latency_p50").curves[1]?.values).toEqual([null, 12]);
  expect(toCurves(days, "cost").curves.map(({ values }) => values)).toEqual([
    [null, null],
    [0, 3],
  ]);
  expect(toCurves([], "calls")).toEqual({ x: [], curves: [] });
});

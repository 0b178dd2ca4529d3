import type { Schema } from "@/api/client";

type Day = Schema["PromptDayStatistics"];
export const MEASURES = ["calls", "cost", "latency_p50"] as const;
export type Measure = (typeof MEASURES)[number];
export type Curves = { x: number[]; curves: { version: string; values: (number | null)[] }[] };

const MAX_CURVES = 6;
const toSeconds = (day: string) => Date.parse(`${day}T00:00:00Z`) / 1000;

/** Return the values per day of the versions with most calls. Days without calls are 0 calls and an unknown latency. */
export function toCurves(days: Day[], measure: Measure): Curves {
  const dates = [...new Set(days.map((one) => one.day))].sort();
  const calls = new Map<string, number>();
  for (const { version, calls: count } of days) calls.set(version, (calls.get(version) ?? 0) + count);
  const versions = [...calls.keys()].sort((a, b) => (calls.get(b) ?? 0) - (calls.get(a) ?? 0)).slice(0, MAX_CURVES);
  const byKey = new Map(days.map((one) => [`${one.version} ${one.day}`, one]));
  const missing = measure === "latency_p50" ? null : 0;
  const valueAt = (one: Day | undefined) => {
    if (!one) return missing;
    const value = one[measure] ?? null;
    return measure === "cost" && value !== null ? value / 1_000_000 : value;
  };
  return {
    x: dates.map(toSeconds),
    curves: versions.map((version) => ({
      version,
      values: dates.map((day) => valueAt(byKey.get(`${version} ${day}`))),
    })),
  };
}

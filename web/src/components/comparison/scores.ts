import type { Schema } from "@/api/client";

/** Most important scores, in display order. */
const DISPLAY_ORDER = ["exact_match", "json_valid", "json_fields", "rougeL", "chrf", "bleu"];
/** Scores with a maximum of 100. Most others have a maximum of 1. */
const SCORES_OUT_OF_100 = new Set(["bleu", "chrf", "ter"]);
/** Measures without a maximum, with the number of decimals that they are shown with. */
const UNBOUNDED: Record<string, number> = { latency: 0, latency_ms: 0, length: 1, cost: 5, perplexity: 2 };

/** Return the number of decimals of a measure without a maximum, or undefined for a score. */
const unboundedDecimals = (metric: string) => (/_ms(_p95)?$/.test(metric) ? 0 : UNBOUNDED[metric]);

/** Return the maximum value of a score. Returns undefined if it has none. */
export function maxScore(metric: string): number | undefined {
  if (unboundedDecimals(metric) !== undefined) return undefined;
  return SCORES_OUT_OF_100.has(metric) ? 100 : 1;
}

/** Sort score names, most important first. */
export function sortScores(names: string[]): string[] {
  const rank = (name: string) => {
    const index = DISPLAY_ORDER.indexOf(name);
    return index < 0 ? DISPLAY_ORDER.length : index;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, undefined, { numeric: true }));
}

const SIGNIFICANCE = 0.05;

/**
 * Return whether a comparison shows an improvement, a regression, or neither.
 *
 * It shows neither if the interval contains 0, or if the p-value that is adjusted for all metrics is above 0.05.
 */
export function verdict({
  low,
  high,
  higher_is_better,
  adjusted_p,
}: Pick<Schema["MetricComparison"], "low" | "high"> & {
  higher_is_better?: boolean | null;
  adjusted_p?: number | null;
}): "better" | "worse" | "unclear" {
  if (higher_is_better === null || (low <= 0 && high >= 0)) return "unclear";
  if ((adjusted_p ?? 0) > SIGNIFICANCE) return "unclear";
  return low > 0 === (higher_is_better ?? true) ? "better" : "worse";
}

/** Return the position of a value on an axis from -`reach` to `reach`, as a share of the width. 0 is in the middle. */
export function axisPosition(value: number, reach: number): number {
  return 0.5 + Math.max(-0.5, Math.min(0.5, value / (2 * (reach || 1))));
}

/** Return the number of decimals of a score: three if its maximum is 1, one if it is 100. */
export const scoreDecimals = (metric: string) => unboundedDecimals(metric) ?? (maxScore(metric) === 100 ? 1 : 3);

/** Return the mean of an answer's scores, each divided by its maximum. Used to sort by worst first. */
export function meanScore(scores: Record<string, number> | undefined): number {
  const values = Object.entries(scores ?? {}).flatMap(([name, value]) => {
    const maximum = maxScore(name);
    return maximum === undefined ? [] : [value / maximum];
  });
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : -1;
}

import type { Schema } from "@/api/client";

/** Most important scores, in display order. */
const DISPLAY_ORDER = ["exact_match", "json_valid", "json_fields", "rougeL", "chrf", "bleu"];
/** Scores with a maximum of 100. All others have a maximum of 1. */
const SCORES_OUT_OF_100 = new Set(["bleu", "chrf"]);

/** Return the maximum value of a score. */
export const maxScore = (metric: string) => (SCORES_OUT_OF_100.has(metric) ? 100 : 1);

/** Sort score names, most important first. */
export function sortScores(names: string[]): string[] {
  const rank = (name: string) => {
    const index = DISPLAY_ORDER.indexOf(name);
    return index < 0 ? DISPLAY_ORDER.length : index;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Return whether an interval shows an improvement, a regression, or neither because it contains 0. */
export function verdict({
  low,
  high,
}: Pick<Schema["MetricComparison"], "low" | "high">): "better" | "worse" | "unclear" {
  return low > 0 ? "better" : high < 0 ? "worse" : "unclear";
}

/** Return 1 if an example improved by a score, -1 if it got worse, 0 if it did not change. */
export function changeDirection(
  change: Pick<Schema["EvalChange"], "a_scores" | "b_scores">,
  metric: string,
): -1 | 0 | 1 {
  const a = change.a_scores?.[metric];
  const b = change.b_scores?.[metric];
  if (a === undefined || b === undefined || a === b) return 0;
  return b > a ? 1 : -1;
}

/** Return the position of a value on an axis from -`reach` to `reach`, as a share of the width. 0 is in the middle. */
export function axisPosition(value: number, reach: number): number {
  return 0.5 + Math.max(-0.5, Math.min(0.5, value / (2 * (reach || 1))));
}

/** Return the number of decimals of a score: three if its maximum is 1, one if it is 100. */
export const scoreDecimals = (metric: string) => (maxScore(metric) === 100 ? 1 : 3);

/** Return the mean of an answer's scores, each divided by its maximum. Used to sort by worst first. */
export function meanScore(scores: Record<string, number> | undefined): number {
  const values = Object.entries(scores ?? {}).map(([name, value]) => value / maxScore(name));
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : -1;
}

import type { S } from "@/api/client";

/** Scores that say most, in the order in which they are shown. */
const FIRST = ["exact_match", "json_valid", "json_fields", "rougeL", "chrf", "bleu"];
/** Scores that run to 100; all others run to 1. */
const HUNDRED = new Set(["bleu", "chrf"]);

/** The largest value that a score can have. */
export const topOf = (metric: string) => (HUNDRED.has(metric) ? 100 : 1);

/** Names of scores, those that say most before the others. */
export function ordered(names: string[]): string[] {
  const rank = (name: string) => {
    const at = FIRST.indexOf(name);
    return at < 0 ? FIRST.length : at;
  };
  return [...names].sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
}

/** What an interval says about a difference: it excludes 0 on one side, or it does not. */
export function verdict({ low, high }: Pick<S["MetricComparison"], "low" | "high">): "better" | "worse" | "unclear" {
  return low > 0 ? "better" : high < 0 ? "worse" : "unclear";
}

/** Whether an example got better or worse by one score; 0 where it did not change. */
export function turnOf(change: Pick<S["EvalChange"], "a_scores" | "b_scores">, metric: string): -1 | 0 | 1 {
  const a = change.a_scores?.[metric];
  const b = change.b_scores?.[metric];
  if (a === undefined || b === undefined || a === b) return 0;
  return b > a ? 1 : -1;
}

/** Where an interval lies on an axis that has 0 in its middle and reaches as far as the widest: shares of the width. */
export function onAxis(value: number, reach: number): number {
  return 0.5 + Math.max(-0.5, Math.min(0.5, value / (2 * (reach || 1))));
}

/** A score as text: three digits where it runs to 1, one where it runs to 100. */
export const digits = (metric: string) => (topOf(metric) === 100 ? 1 : 3);

/** The mean of an answer's scores, each as a share of its largest value: what "worst first" sorts by. */
export function meanOf(scores: Record<string, number> | undefined): number {
  const values = Object.entries(scores ?? {}).map(([name, value]) => value / topOf(name));
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : -1;
}

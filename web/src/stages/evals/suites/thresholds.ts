export type ThresholdInput = { scorer: string; at_least?: number; at_most?: number };

/** Return the thresholds of a text with one per line, or null if a line is none. */
export function parseThresholds(text: string): ThresholdInput[] | null {
  const found: ThresholdInput[] = [];
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const match = /^\s*(\S+)\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(line);
    if (!match) return null;
    const [, scorer, sign, bound] = match as unknown as [string, string, string, string];
    found.push(sign === ">=" ? { scorer, at_least: Number(bound) } : { scorer, at_most: Number(bound) });
  }
  return found;
}

/** Return a threshold or check as text. */
export function describeThreshold(check: {
  scorer: string;
  direction: string;
  bound: number;
  slice?: string | null;
}): string {
  const where = check.slice ? ` · ${check.slice}` : "";
  return `${check.scorer} ${check.direction === "at_least" ? "≥" : "≤"} ${check.bound}${where}`;
}

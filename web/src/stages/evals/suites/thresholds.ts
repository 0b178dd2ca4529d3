/** Threshold as it is written in the form. Empty fields have no effect. */
export type ThresholdInput = {
  scorer: string;
  direction: "at_least" | "at_most";
  bound: number | "";
  slice: string;
  minPercent: number | "";
  confident: boolean;
};

export const NEW_THRESHOLD: ThresholdInput = {
  scorer: "",
  direction: "at_least",
  bound: "",
  slice: "",
  minPercent: 100,
  confident: false,
};

/** Return a threshold as the server expects it. */
export function toThreshold({ scorer, direction, bound, slice, minPercent, confident }: ThresholdInput) {
  return {
    scorer: scorer.trim(),
    [direction]: Number(bound),
    slice: slice.trim() || null,
    min_share: minPercent === "" ? 1 : minPercent / 100,
    confident,
  };
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

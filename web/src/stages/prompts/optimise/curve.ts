import type { Schema } from "@/api/client";

export type Curve = { x: number[]; best: number[]; hasCost: boolean };

const MICRODOLLARS = 1_000_000;

/** Return the best score so far of complete candidates over the cost, or over the calls if the cost is not known. */
export function bestSoFar(candidates: readonly Schema["CandidateScore"][]): Curve {
  const complete = candidates.filter((one) => one.complete).sort((a, b) => a.calls - b.calls);
  const hasCost = complete.length > 0 && complete.every((one) => Boolean(one.cost));
  let best = Number.NEGATIVE_INFINITY;
  return {
    hasCost,
    x: complete.map((one) => (hasCost ? (one.cost ?? 0) / MICRODOLLARS : one.calls)),
    best: complete.map((one) => {
      best = Math.max(best, one.score);
      return best;
    }),
  };
}

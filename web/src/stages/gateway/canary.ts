import type { Schema } from "@/api/client";

type Target = { model: string; weight?: number };

/** Return the name that identifies a target: its model, and the stored prompt that is sent to it. */
export const targetKey = ({ model, prompt }: { model: string; prompt?: string | null }) =>
  prompt ? `${model}+prompt/${prompt}` : model;

/** Return the share of each target: its weight divided by the sum of all weights. */
export function targetShares(targets: Target[]): number[] {
  const totalWeight = targets.reduce((sum, target) => sum + (target.weight ?? 1), 0);
  return targets.map((target) => (totalWeight > 0 ? (target.weight ?? 1) / totalWeight : 0));
}

export type TargetError = "empty" | "duplicate" | "zero_weights" | "missing_model";

/** Return why a target list is invalid, or null if it is valid. */
export function findTargetError(targets: Target[]): TargetError | null {
  if (targets.length === 0) return "empty";
  if (targets.some((target) => !target.model.includes("/"))) return "missing_model";
  if (new Set(targets.map((target) => target.model)).size < targets.length) return "duplicate";
  return targets.some((target) => (target.weight ?? 0) > 0) ? null : "zero_weights";
}

/**
 * Return the progress of evidence towards the decision threshold, from 0 to 1. Logarithmic, because evidence multiplies
 * with every pair.
 */
export function evidenceProgress(evidence: number, threshold: number): number {
  if (evidence <= 1 || threshold <= 1) return 0;
  return Math.min(1, Math.log(evidence) / Math.log(threshold));
}

/** Return the history of a test as curves over its pairs. */
export function historyCurves(canary: Pick<Schema["Canary"], "evidence_history" | "evidence">) {
  const history = canary.evidence_history ?? [];
  return {
    x: history.map((point) => point.n),
    better: history.map((point) => point.e_better),
    worse: history.map((point) => point.e_worse),
    threshold: history.map(() => canary.evidence.threshold),
    candidate: history.map((point) => point.candidate),
    incumbent: history.map((point) => point.incumbent),
    difference: history.map((point) => point.candidate - point.incumbent),
    low: history.map((point) => point.low),
    high: history.map((point) => point.high),
  };
}

/** Return the canary to show on a route: the requested one, else the running one, else the newest. */
export function selectCanary(
  canaries: Schema["Canary"][],
  route: string,
  requestedId: string | undefined,
): Schema["Canary"] | undefined {
  const ofRoute = canaries.filter((canary) => canary.route === route);
  return (
    ofRoute.find((canary) => canary.id === requestedId) ??
    ofRoute.find((canary) => canary.status === "running") ??
    ofRoute[0]
  );
}

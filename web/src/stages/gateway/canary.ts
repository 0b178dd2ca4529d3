import type { S } from "@/api/client";

type Target = { model: string; weight?: number };

/** The share of each target, from its weight against all weights. */
export function shares(targets: Target[]): number[] {
  const whole = targets.reduce((sum, one) => sum + (one.weight ?? 1), 0);
  return targets.map((one) => (whole > 0 ? (one.weight ?? 1) / whole : 0));
}

export type TargetFault = "empty" | "double" | "weightless" | "unnamed";

/** What keeps targets from being a route's. */
export function faultOf(targets: Target[]): TargetFault | null {
  if (targets.length === 0) return "empty";
  if (targets.some((one) => !one.model.includes("/"))) return "unnamed";
  if (new Set(targets.map((one) => one.model)).size < targets.length) return "double";
  return targets.some((one) => (one.weight ?? 0) > 0) ? null : "weightless";
}

/** How far evidence is on its way to a decision, from 0 to 1: in logarithm, as it multiplies with every pair. */
export function progress(evidence: number, threshold: number): number {
  if (evidence <= 1 || threshold <= 1) return 0;
  return Math.min(1, Math.log(evidence) / Math.log(threshold));
}

/** The trail of a test as curves over its pairs. */
export function trailCurves(canary: Pick<S["Canary"], "trail" | "evidence">) {
  const trail = canary.trail ?? [];
  return {
    x: trail.map((point) => point.n),
    better: trail.map((point) => point.e_better),
    worse: trail.map((point) => point.e_worse),
    threshold: trail.map(() => canary.evidence.threshold),
    candidate: trail.map((point) => point.candidate),
    incumbent: trail.map((point) => point.incumbent),
    difference: trail.map((point) => point.candidate - point.incumbent),
    low: trail.map((point) => point.low),
    high: trail.map((point) => point.high),
  };
}

/** The canary to show on a route: the one that is asked for, else the one that runs, else the newest. */
export function shown(canaries: S["Canary"][], route: string, asked: string | undefined): S["Canary"] | undefined {
  const mine = canaries.filter((one) => one.route === route);
  return mine.find((one) => one.id === asked) ?? mine.find((one) => one.status === "running") ?? mine[0];
}

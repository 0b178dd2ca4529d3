import type { Schema } from "@/api/client";
import { entityLocation, type Location } from "@/components/entities";

type Status = Schema["PolicyStatus"];
type Run = Schema["PolicyRun"];
export type PolicyState = "running" | "paused" | "waiting" | "cool_down";

export const STEP_NAMES = [
  "harvest",
  "health check",
  "train",
  "deploy",
  "evaluate",
  "gate",
  "release",
  "clean up",
] as const;

/** Return what a policy does now. */
export function policyState(status: Status): PolicyState {
  if (status.active_run) return "running";
  if (status.policy.paused) return "paused";
  return status.waits_until ? "cool_down" : "waiting";
}

export type PathPoint = { name: (typeof STEP_NAMES)[number]; state: "done" | "current" | "failed" | "ahead" };

/** Return the steps of a run as a path. */
export function policyRunPath(run: Pick<Run, "steps">): PathPoint[] {
  const states = { passed: "done", running: "current", stopped: "failed", failed: "failed" } as const;
  return STEP_NAMES.map((name) => {
    const step = run.steps?.find((one) => one.name === name);
    return { name, state: step ? states[step.status] : "ahead" };
  });
}

/** Return the location of an object that a step links to, or null if it has no page. */
export function evidenceLocation(kind: string, ref: string): Location | null {
  switch (kind) {
    case "suite":
      return { to: `/evals/suites/${encodeURIComponent(ref.split("@")[0] as string)}` };
    case "suite_run":
    case "baseline":
      return { to: `/evals/suite-runs/${encodeURIComponent(ref)}` };
    case "release":
      return { to: `/loop/releases/${encodeURIComponent(ref)}` };
    case "route":
      return { to: `/gateway/routes/${encodeURIComponent(ref)}` };
    case "gate":
      return { to: "/loop/gates" };
    default:
      return entityLocation(kind, ref);
  }
}

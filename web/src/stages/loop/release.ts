import type { Schema } from "@/api/client";

type Release = Schema["Release"];
type Evidence = Release["evidence"];

/** A point of the path of a release: shadow, each step of the canary, all traffic. */
export type PathPoint = { id: string; share: number | null; state: "done" | "current" | "failed" | "open" };

/** Return the path of a release with the state of each point. */
export function releasePath(release: Release): PathPoint[] {
  const { plan, status } = release;
  const steps = plan.steps ?? [];
  const hasShadow = (plan.shadow_pairs ?? 0) > 0;
  const points: PathPoint[] = [
    ...(hasShadow ? [{ id: "shadow", share: null, state: "open" as const }] : []),
    ...steps.map((share, index) => ({ id: `step ${index}`, share, state: "open" as const })),
    { id: "promoted", share: 1, state: "open" },
  ];
  if (status === "scheduled") return points;
  if (status === "promoted") return points.map((point) => ({ ...point, state: "done" }));
  const position = release.stage === "shadow" ? 0 : (hasShadow ? 1 : 0) + (release.step ?? 0);
  return points.map((point, index) => ({
    ...point,
    state: index < position ? "done" : index > position ? "open" : status === "running" ? "current" : "failed",
  }));
}

/** Return the candidate's share of the answers that users receive. */
export function releaseShare(release: Release): number {
  if (release.status === "promoted") return 1;
  if (release.status !== "running" || release.stage !== "canary") return 0;
  return release.plan.steps?.[release.step ?? 0] ?? 0;
}

/** Return the evidence of the stage that decides now: that of the canary once it has pairs, else that of the shadow. */
export function stageEvidence(evidence: Evidence, stage: Release["stage"]) {
  const isShadow = stage === "shadow";
  const summary = isShadow ? evidence.shadow : evidence.quality;
  const history = (isShadow ? evidence.shadow_history : evidence.quality_history) ?? [];
  return { summary, history };
}

/** Parse rising shares in percent, such as "5, 25, 50". Returns null if the text is invalid. */
export function parseSteps(text: string): number[] | null {
  const shares = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map((part) => Number(part) / 100);
  const isRising = shares.every((share, index) => share > (shares[index - 1] ?? 0) && share < 1);
  return shares.length && isRising ? shares : null;
}

type GateSearch = { kind?: Schema["GateSubject"]["kind"]; subject?: string; candidate?: string };

/** Read the search parameters of the page of gates. An unknown kind is dropped. */
export function readGateSearch(search: Record<string, unknown>): GateSearch {
  const kinds = ["model_alias", "route", "prompt_label", "pipeline", "index"] as const;
  const text = (value: unknown) => (value === undefined ? undefined : String(value));
  return {
    kind: kinds.find((kind) => kind === search.kind),
    subject: text(search.subject),
    candidate: text(search.candidate),
  };
}

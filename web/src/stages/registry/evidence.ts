import type { S } from "@/api/client";

type Comparison = S["EvalComparison"];

/** The names that answer with a version now: its deployments, as a request's `model` names them. */
export const servedAs = (ref: string, deployments: S["Deployment"][]): string[] =>
  deployments.filter((one) => one.model === ref).map((one) => `deployment/${one.name}`);

/** The finished evaluations of a version, newest first: of a deployment that serves it, and not older than it. */
export function evaluationsOf(
  version: Pick<S["ModelVersion"], "name" | "hash" | "created_at">,
  deployments: S["Deployment"][],
  runs: S["EvalResult"][],
): S["EvalResult"][] {
  const names = new Set(servedAs(refOf(version), deployments));
  return runs.filter(
    (run) => run.status === "finished" && names.has(run.model) && run.created_at >= version.created_at,
  );
}

/** The runs that one can be compared with: of the same examples, by another model. */
export function baselines(run: S["EvalResult"], runs: S["EvalResult"][]): S["EvalResult"][] {
  return runs.filter(
    (other) =>
      other.id !== run.id &&
      other.status === "finished" &&
      other.dataset === run.dataset &&
      other.split === run.split &&
      other.scorers.some((scorer) => run.scorers.includes(scorer)),
  );
}

/** How a version is named everywhere. */
export const refOf = (version: Pick<S["ModelVersion"], "name" | "hash">): string =>
  `${version.name}@${version.hash.slice(0, 12)}`;

/** What is kept with an alias when a comparison speaks for it. */
export function comparisonEvidence(found: Comparison) {
  const metrics = Object.fromEntries(
    Object.entries(found.metrics).map(([name, { a, b, difference, low, high, n }]) => [
      name,
      { a, b, difference, low, high, n },
    ]),
  );
  const { a, b, n, confidence } = found;
  return { comparison: { a: a.id, b: b.id, dataset: b.dataset, split: b.split, n, confidence, metrics } };
}

/** What is kept with an alias when a canary's decision speaks for it. */
export const canaryEvidence = (canary: S["Canary"]) => ({ canary: canary.id, ...canary.evidence });

/** What an alias was moved on: one line, from whatever evidence the move carries. */
export function difference(
  evidence: Record<string, unknown>,
): { difference: number; low: number; high: number } | null {
  const comparison = evidence.comparison as { metrics?: Record<string, Record<string, number>> } | undefined;
  const found = comparison?.metrics ? Object.values(comparison.metrics)[0] : evidence;
  const { difference, low, high } = (found ?? {}) as Record<string, unknown>;
  return typeof difference === "number" && typeof low === "number" && typeof high === "number"
    ? { difference, low, high }
    : null;
}

import type { Schema } from "@/api/client";

type Comparison = Schema["EvalComparison"];

/** Return the names that a version is called by: its deployments, as in a request's `model`. */
export const deploymentNames = (ref: string, deployments: Schema["Deployment"][]): string[] =>
  deployments.filter((deployment) => deployment.model === ref).map((deployment) => `deployment/${deployment.name}`);

/** Return the finished evaluations of a version, newest first: those of its deployments, created after the version. */
export function versionEvaluations(
  version: Pick<Schema["ModelVersion"], "name" | "hash" | "created_at">,
  deployments: Schema["Deployment"][],
  runs: Schema["EvalResult"][],
): Schema["EvalResult"][] {
  const names = new Set(deploymentNames(versionRef(version), deployments));
  return runs.filter(
    (run) => run.status === "finished" && names.has(run.model) && run.created_at >= version.created_at,
  );
}

/** Return the runs that a run can be compared with: finished runs on the same examples with a common scorer. */
export function baselines(run: Schema["EvalResult"], runs: Schema["EvalResult"][]): Schema["EvalResult"][] {
  return runs.filter(
    (other) =>
      other.id !== run.id &&
      other.status === "finished" &&
      other.dataset === run.dataset &&
      other.split === run.split &&
      other.scorers.some((scorer) => run.scorers.includes(scorer)),
  );
}

/** Return the ref of a model version. */
export const versionRef = (version: Pick<Schema["ModelVersion"], "name" | "hash">): string =>
  `${version.name}@${version.hash.slice(0, 12)}`;

/** Return the evidence of a comparison, as stored with an alias. */
export function comparisonEvidence(comparison: Comparison) {
  const metrics = Object.fromEntries(
    Object.entries(comparison.metrics).map(([name, { a, b, difference, low, high, n }]) => [
      name,
      { a, b, difference, low, high, n },
    ]),
  );
  const { a, b, n, confidence } = comparison;
  return { comparison: { a: a.id, b: b.id, dataset: b.dataset, split: b.split, n, confidence, metrics } };
}

/** Return the evidence of a canary's decision, as stored with an alias. */
export const canaryEvidence = (canary: Schema["Canary"]) => ({ canary: canary.id, ...canary.evidence });

/**
 * Return the difference that justified an alias change, from either kind of evidence. Returns null if there is none.
 */
export function evidenceDifference(
  evidence: Record<string, unknown>,
): { difference: number; low: number; high: number } | null {
  const comparison = evidence.comparison as { metrics?: Record<string, Record<string, number>> } | undefined;
  const source = comparison?.metrics ? Object.values(comparison.metrics)[0] : evidence;
  const { difference, low, high } = (source ?? {}) as Record<string, unknown>;
  return typeof difference === "number" && typeof low === "number" && typeof high === "number"
    ? { difference, low, high }
    : null;
}

import type { Schema } from "@/api/client";

/** Result of a parity check: largest difference between trainer and engine, and the reason of a failure. */
export type Parity =
  | { kind: "none" }
  | { kind: "skipped"; reason: string }
  | {
      kind: "checked";
      equal: boolean;
      precision: string;
      tolerance: number;
      conversations: number;
      positions: number;
      largest: number;
      reason: string | null;
      at: string | null;
    };

/** Parse a stored parity check. */
export function parseParity(stored: Record<string, unknown> | null | undefined): Parity {
  if (!stored) return { kind: "none" };
  if (typeof stored.equal !== "boolean") return { kind: "skipped", reason: String(stored.skipped ?? "") };
  return {
    kind: "checked",
    equal: stored.equal,
    precision: String(stored.precision ?? ""),
    tolerance: Number(stored.tolerance),
    conversations: Number(stored.conversations),
    positions: Number(stored.positions),
    largest: Number(stored.largest_difference),
    reason: typeof stored.reason === "string" ? stored.reason : null,
    at: typeof stored.checked_at === "string" ? stored.checked_at : null,
  };
}

/** Differences of quantized weights from the trainer, on the conversations of the parity check. */
export type Quantization = {
  positions: number;
  same_choice: number;
  mean_difference: number;
  largest_difference: number;
  conversations: number;
  greedy_equal: number;
  greedy_agreement: number;
  concurrent_equal: number;
};

type MetricScores = {
  reference?: number;
  deployed: number;
  difference?: number;
  low?: number;
  high?: number;
};

/** Scores of the reference and of the deployed engine on one dataset split. */
export type ScoredSplit = {
  dataset: string;
  split: string;
  examples: number;
  deployed_run: string;
  reference_run: string | null;
  metrics: Record<string, MetricScores>;
};

export type Scores = { error?: string; splits?: ScoredSplit[] };

/** Return the cost of quantization and the scores of a stored parity check, if it has them. */
export function parseCost(stored: Record<string, unknown> | null | undefined): {
  quantization: Quantization | null;
  scores: Scores | null;
} {
  return {
    quantization: (stored?.quantization as Quantization | undefined) ?? null,
    scores: (stored?.scores as Scores | undefined) ?? null,
  };
}

/** Format the dollars per million input and output tokens. */
export const formatPrice = ({ input, output }: { input: number | null; output: number | null }): string => {
  const format = (value: number | null) => (value == null ? "?" : `$${value.toPrecision(3)}`);
  return `${format(input)} / ${format(output)}`;
};

/** Return whether a deployment's state no longer changes by itself. */
export const isStable = (deployment: Pick<Schema["Deployment"], "state">): boolean =>
  ["ready", "sleeping", "failed", "stopped"].includes(deployment.state);

/** Return the name of a deployment in a request's `model`. */
export const deploymentModelName = (name: string): string => `deployment/${name}`;

/** Return a name for a new deployment: the model's name, with the first free number if it is taken. */
export function unusedName(ref: string, takenNames: string[]): string {
  const name = (ref.split(/[@:]/)[0] as string).toLowerCase().replace(/[^a-z0-9._-]/g, "-");
  if (!takenNames.includes(name)) return name;
  let number = 2;
  while (takenNames.includes(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

/** Return the refs to select from, by model: every alias, then the newest version. */
export function modelOptions(
  models: Schema["RegisteredModel"][],
): { group: string; items: { value: string; label: string }[] }[] {
  return models.map(({ name, newest, aliases }) => ({
    group: name,
    items: [
      ...Object.keys(aliases ?? {}).map((alias) => ({ value: `${name}:${alias}`, label: `${name}:${alias}` })),
      { value: `${name}@${newest.hash.slice(0, 12)}`, label: `${name}@${newest.hash.slice(0, 12)}` },
    ],
  }));
}

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

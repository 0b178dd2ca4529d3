import type { S } from "@/api/client";

/** The largest difference between trainer and engine, and whether that is within bounds; why not where it failed. */
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

/** Reads what is stored of a parity check. */
export function parityOf(stored: Record<string, unknown> | null | undefined): Parity {
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

/** Whether a deployment stands as it will stay until somebody does something. */
export const settled = (one: Pick<S["Deployment"], "state">): boolean =>
  one.state === "ready" || one.state === "failed" || one.state === "stopped";

/** How a request names it. */
export const calledBy = (name: string): string => `deployment/${name}`;

/** A name for a new deployment of a model: the model's own, or the first with a number that is free. */
export function freeName(ref: string, taken: string[]): string {
  const name = (ref.split(/[@:]/)[0] as string).toLowerCase().replace(/[^a-z0-9._-]/g, "-");
  if (!taken.includes(name)) return name;
  let number = 2;
  while (taken.includes(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

/** The refs that a form offers: every alias, and the newest version of every model, without those of the other kind. */
export function offered(models: S["Model"][]): { group: string; items: { value: string; label: string }[] }[] {
  return models.map(({ name, newest, aliases }) => ({
    group: name,
    items: [
      ...Object.keys(aliases ?? {}).map((alias) => ({ value: `${name}:${alias}`, label: `${name}:${alias}` })),
      { value: `${name}@${newest.hash.slice(0, 12)}`, label: `${name}@${newest.hash.slice(0, 12)}` },
    ],
  }));
}

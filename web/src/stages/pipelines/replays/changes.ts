import type { Messages } from "@/app/i18n";
import type { Replay } from "./queries";

const KINDS = ["settings", "models", "prompts", "inputs"] as const;

/** Return what a replay changes as name and value, such as `Models` and `answer = small`. */
export function describeChanges(
  changes: Replay["changes"],
  names: Messages["pipelineAutomation"]["replays"]["changed"],
): [string, string][] {
  const found = KINDS.flatMap((kind): [string, string][] => {
    const entries = Object.entries(changes[kind] ?? {});
    const texts = entries.map(
      ([key, value]) => `${key} = ${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    return texts.length ? [[names[kind], texts.join("; ")]] : [];
  });
  return changes.version ? [[names.version, changes.version], ...found] : found;
}

/** Return the number of runs of a replay that have ended. */
export function endedRuns(states: Replay["states"]): number {
  return Object.entries(states ?? {}).reduce(
    (sum, [state, count]) => (["pending", "queued", "running", "waiting"].includes(state) ? sum : sum + count),
    0,
  );
}

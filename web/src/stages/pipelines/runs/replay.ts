import type { Schema } from "@/api/client";
import { type Fields, isSame } from "../model/definition";
import { findStep, type Graph } from "../model/graph";

export type ReplayChange = "again" | "settings" | "model" | "prompt" | "version";
export const REPLAY_CHANGES: ReplayChange[] = ["again", "settings", "model", "prompt", "version"];
export type ReplayInput = { change: ReplayChange; step: string; settings: Fields; value: string; limit: number };

const OWN_FIELDS: ReadonlySet<string> = new Set(["kind", "after", "steps"]);

/** Return the settings of a step that a replay can change. */
export const stepSettings = (graph: Graph, id: string): Fields =>
  Object.fromEntries(Object.entries(findStep(graph, id)?.fields ?? {}).filter(([name]) => !OWN_FIELDS.has(name)));

/** Return the changes of a replay, as the server expects them. */
export function replayChanges(graph: Graph, input: ReplayInput): Schema["ReplayChanges"] {
  const { change, step, value } = input;
  const before = stepSettings(graph, step);
  if (change === "model") return { models: { [step]: value } } as Schema["ReplayChanges"];
  if (change === "prompt") return { prompts: { [step]: value } } as Schema["ReplayChanges"];
  if (change === "version") return { version: value } as Schema["ReplayChanges"];
  const settings: Fields = {};
  if (change === "settings")
    for (const [name, next] of Object.entries(input.settings))
      if (!isSame(next, before[name])) settings[`${step}.${name}`] = next;
  // Only changed steps are executed again. A title changes nothing else.
  if (!Object.keys(settings).length) settings[`${step}.title`] = `${before.title || step} (2)`;
  return { settings } as Schema["ReplayChanges"];
}

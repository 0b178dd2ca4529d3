import type { Formats } from "@/app/i18n/format";
import type { StepMark } from "../canvas/view";
import type { Graph } from "../model/graph";
import type { PipelineRun, RunStep } from "./queries";

/** Event of a run, as the server streams it. */
export type RunEvent = {
  event: string;
  path?: string;
  kind?: string;
  attempt?: number;
  state?: string;
  text?: string;
};
/** State of steps since the run was loaded, by path, and the text that they have streamed. */
export type Live = { states: ReadonlyMap<string, string>; texts: ReadonlyMap<string, string>; ended: boolean };

export const NOT_LIVE: Live = { states: new Map(), texts: new Map(), ended: false };
const FINAL_STATES: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled"]);

/** Return true if a run has ended. */
export const isFinal = (run: Pick<PipelineRun, "state">): boolean => FINAL_STATES.has(run.state);

/** Return the id of the node of a path: `loop[2].check` belongs to `loop.check`. */
export const pathNode = (path: string): string => path.replace(/\[\d+\]/g, "");

/** Return the live state after some events. */
export function applyEvents(live: Live, events: readonly RunEvent[]): Live {
  const states = new Map(live.states);
  const texts = new Map(live.texts);
  let { ended } = live;
  for (const event of events) {
    const path = event.path ?? "";
    if (event.event === "step_started") {
      states.set(path, "running");
      if ((event.attempt ?? 1) > 1) texts.delete(path); // the text of a failed attempt is not repeated
    } else if (event.event === "delta") texts.set(path, (texts.get(path) ?? "") + (event.text ?? ""));
    else if (event.event === "step_waiting") states.set(path, "waiting");
    else if (event.event === "step_ended") states.set(path, event.state ?? "succeeded");
    else if (event.event === "run_ended") ended = true;
  }
  return { states, texts, ended };
}

/** Return true if the events change what the server has stored about the run. */
export const needsReload = (events: readonly RunEvent[]): boolean => events.some(({ event }) => event !== "delta");

/** Return the duration of a step in milliseconds, or null while it runs. */
export const stepDuration = (step: Pick<RunStep, "started_at" | "ended_at">): number | null =>
  step.started_at && step.ended_at ? Date.parse(step.ended_at) - Date.parse(step.started_at) : null;

/** States of several executions of one step, the one that is shown first. */
const STATE_ORDER = ["running", "waiting", "failed", "cancelled", "interrupted", "succeeded", "skipped"];

/** Return what the canvas shows about each step: state, duration and the number of executions. */
export function runMarks(
  graph: Graph,
  run: Pick<PipelineRun, "state">,
  steps: readonly RunStep[],
  live: Live,
  format: Pick<Formats, "duration">,
): Map<string, StepMark> {
  const byNode = new Map<string, { states: string[]; duration: number; isOpen: boolean }>();
  const stored = new Map(steps.map((step) => [step.path, step]));
  for (const path of new Set([...stored.keys(), ...live.states.keys()])) {
    const step = stored.get(path);
    const isStoredFinal = step !== undefined && !["running", "waiting"].includes(step.state);
    const state = isStoredFinal ? step.state : (live.states.get(path) ?? step?.state ?? "running");
    const node = pathNode(path);
    const entry = byNode.get(node) ?? { states: [], duration: 0, isOpen: false };
    entry.states.push(isFinal(run) && state === "running" ? "cancelled" : state);
    const duration = step ? stepDuration(step) : null;
    if (duration === null) entry.isOpen = true;
    else entry.duration += duration;
    byNode.set(node, entry);
  }
  const marks = new Map<string, StepMark>();
  for (const step of graph.steps) {
    const entry = byNode.get(step.id);
    if (!entry) continue;
    const state = STATE_ORDER.find((one) => entry.states.includes(one)) ?? (entry.states[0] as string);
    const times = entry.states.length > 1 ? `${entry.states.length}×` : "";
    const duration = state === "skipped" || entry.isOpen ? "" : format.duration(entry.duration);
    marks.set(step.id, { state, detail: [times, duration].filter(Boolean).join(" ") });
  }
  return marks;
}

/** Return the executions of a step, in their order. */
export const stepRuns = (steps: readonly RunStep[], id: string): RunStep[] =>
  steps.filter((step) => pathNode(step.path) === id);

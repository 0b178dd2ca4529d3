import type { Schema } from "@/api/client";
import type { Messages } from "@/app/i18n";
import type { Formats } from "@/app/i18n/format";
import { type Location, refName } from "@/components/entities";

export const STAGE_ORDER = [
  "data",
  "training",
  "evals",
  "registry",
  "serving",
  "gateway",
  "traces",
  "feedback",
] as const;
export type StageName = (typeof STAGE_ORDER)[number];

/** Content of a stage's card: metric, note, and number of running jobs. */
export type StageSummary = { metric: string; note: string; empty: boolean; running: number };

/** Most important scores. The first one available is shown. */
const IMPORTANT_SCORES = ["exact_match", "json_fields", "rougeL", "chrf", "bleu"];

export function mostImportantScore(scores: Record<string, number>): [string, number] | null {
  const name = IMPORTANT_SCORES.find((candidate) => candidate in scores) ?? Object.keys(scores)[0];
  return name === undefined ? null : [name, scores[name] as number];
}

/** Return the summary of every stage. */
export function stageSummaries(
  overview: Schema["Overview"],
  t: Messages["home"]["stage"],
  f: Formats,
): Record<StageName, StageSummary> {
  const summarize = (hasData: boolean, metric: string, note: string, emptyNote: string, running = 0): StageSummary =>
    hasData ? { metric, note, empty: false, running } : { metric: "", note: emptyNote, empty: true, running };
  const { data, training, evals, registry, serving, gateway, traces, feedback } = overview;
  const score = mostImportantScore(evals.newest_scores ?? {});
  return {
    data: summarize(
      data.datasets > 0,
      t.data.metric(f.compact(data.rows)),
      t.data.note(f.number(data.datasets)),
      t.data.none,
    ),
    training: summarize(
      training.finished + training.running > 0,
      t.training.metric(f.number(training.finished + training.running)),
      training.best_loss === null ? "" : t.training.note(f.fixed(training.best_loss, 3)),
      t.training.none,
      training.running,
    ),
    evals: summarize(
      evals.total > 0,
      t.evals.metric(f.number(evals.total)),
      score ? t.evals.note(score[0], f.fixed(score[1], 3)) : "",
      t.evals.none,
      evals.running,
    ),
    registry: summarize(
      registry.models > 0,
      t.registry.metric(f.number(registry.models)),
      registry.prod ? t.registry.note(refName(registry.prod)) : t.registry.noProd,
      t.registry.none,
    ),
    serving: summarize(
      serving.total > 0,
      t.serving.metric(f.number(serving.ready), f.number(serving.total)),
      t.serving.note,
      t.serving.none,
    ),
    gateway: summarize(
      gateway.calls > 0,
      t.gateway.metric(f.compact(gateway.calls)),
      t.gateway.note(f.duration(gateway.latency_p50), f.percent(gateway.error_rate)),
      gateway.routes ? t.gateway.quiet(f.number(gateway.routes)) : t.gateway.none,
    ),
    traces: summarize(traces.spans > 0, t.traces.metric(f.compact(traces.spans)), t.traces.note, t.traces.none),
    feedback: summarize(
      feedback.scores > 0,
      t.feedback.metric(f.compact(feedback.scores)),
      feedback.open_corrections ? t.feedback.note(f.number(feedback.open_corrections)) : t.feedback.harvested,
      t.feedback.none,
    ),
  };
}

type Action = Schema["NextAction"]["action"];

/** Location of each next action, and the equivalent CLI command. */
export const ACTIONS: Record<Action, Location & { cli: string }> = {
  import_data: { to: "/data", search: { import: "true" }, cli: "vong data import tickets.jsonl --name tickets" },
  train: { to: "/training/new", cli: "vong training start triage --dataset tickets" },
  evaluate: { to: "/evals/new", cli: "vong evals run --model deployment/triage --dataset tickets" },
  deploy: { to: "/serving", cli: "vong serving deploy triage --model triage" },
  route: { to: "/gateway", cli: "vong gateway routes set triage deployment/triage=1" },
  send_traffic: { to: "/gateway/keys", cli: "vong access keys create my-app" },
  give_feedback: { to: "/traces", cli: "vong feedback create SPAN --value 1" },
  harvest: { to: "/feedback/harvest", cli: "vong feedback harvest tickets" },
  start_canary: { to: "/gateway", cli: "vong loop canaries start triage deployment/candidate" },
  decide_canary: { to: "/loop", cli: "vong loop canaries list --status running" },
  none: { to: "/traces", cli: "vong traces tail" },
};

/** Return whether the project is still empty. */
export const isEmptyProject = (overview: Schema["Overview"]) =>
  overview.data.datasets === 0 && overview.gateway.calls === 0 && !overview.recent.length;

import type { S } from "@/api/client";
import type { Messages } from "@/app/i18n";
import type { Formats } from "@/app/i18n/format";
import { nameOf, type Place } from "@/components/things";

export const ORDER = ["data", "training", "evals", "registry", "serving", "gateway", "traces", "feedback"] as const;
export type StageName = (typeof ORDER)[number];

/** What a stage's card shows: one figure, a line below it, and how much is at work there now. */
export type Standing = { figure: string; note: string; empty: boolean; running: number };

/** Scores that say most about a model, the first that is there. */
const TELLING = ["exact_match", "json_fields", "rougeL", "chrf", "bleu"];

export function telling(scores: Record<string, number>): [string, number] | null {
  const name = TELLING.find((one) => one in scores) ?? Object.keys(scores)[0];
  return name === undefined ? null : [name, scores[name] as number];
}

/** Every stage in a few words. */
export function standings(now: S["Overview"], t: Messages["home"]["stage"], f: Formats): Record<StageName, Standing> {
  const make = (some: boolean, figure: string, note: string, none: string, running = 0): Standing =>
    some ? { figure, note, empty: false, running } : { figure: "", note: none, empty: true, running };
  const { data, training, evals, registry, serving, gateway, traces, feedback } = now;
  const score = telling(evals.newest_scores ?? {});
  return {
    data: make(
      data.datasets > 0,
      t.data.figure(f.compact(data.rows)),
      t.data.note(f.number(data.datasets)),
      t.data.none,
    ),
    training: make(
      training.finished + training.running > 0,
      t.training.figure(f.number(training.finished + training.running)),
      training.best_loss === null ? "" : t.training.note(f.fixed(training.best_loss, 3)),
      t.training.none,
      training.running,
    ),
    evals: make(
      evals.total > 0,
      t.evals.figure(f.number(evals.total)),
      score ? t.evals.note(score[0], f.fixed(score[1], 3)) : "",
      t.evals.none,
      evals.running,
    ),
    registry: make(
      registry.models > 0,
      t.registry.figure(f.number(registry.models)),
      registry.prod ? t.registry.note(nameOf(registry.prod)) : t.registry.noProd,
      t.registry.none,
    ),
    serving: make(
      serving.total > 0,
      t.serving.figure(f.number(serving.ready), f.number(serving.total)),
      t.serving.note,
      t.serving.none,
    ),
    gateway: make(
      gateway.calls > 0,
      t.gateway.figure(f.compact(gateway.calls)),
      t.gateway.note(f.duration(gateway.latency_p50), f.percent(gateway.error_share)),
      gateway.routes ? t.gateway.quiet(f.number(gateway.routes)) : t.gateway.none,
    ),
    traces: make(traces.spans > 0, t.traces.figure(f.compact(traces.spans)), t.traces.note, t.traces.none),
    feedback: make(
      feedback.scores > 0,
      t.feedback.figure(f.compact(feedback.scores)),
      feedback.open_corrections ? t.feedback.note(f.number(feedback.open_corrections)) : t.feedback.harvested,
      t.feedback.none,
    ),
  };
}

type Action = S["NextAction"]["action"];

/** Where the next action is taken, and the command that does the same. */
export const ACTIONS: Record<Action, Place & { cli: string }> = {
  import_data: { to: "/data", search: { import: "true" }, cli: "vong data import tickets.jsonl --name tickets" },
  train: { to: "/training/new", cli: "vong training start triage --dataset tickets" },
  evaluate: { to: "/evals/new", cli: "vong evals run --model deployment/triage --dataset tickets" },
  deploy: { to: "/serving", cli: "vong serving deploy triage --model triage" },
  route: { to: "/gateway", cli: "vong gateway route set triage deployment/triage=1" },
  send_traffic: { to: "/gateway/keys", cli: "vong access key create my-app" },
  give_feedback: { to: "/traces", cli: "vong feedback add SPAN --value 1" },
  harvest: { to: "/feedback/harvest", cli: "vong feedback harvest tickets" },
  start_canary: { to: "/gateway", cli: "vong loop canary start triage deployment/candidate" },
  decide_canary: { to: "/loop", cli: "vong loop canary list --status running" },
  none: { to: "/traces", cli: "vong traces list --follow" },
};

/** Whether nothing has been done here yet. */
export const isNew = (now: S["Overview"]) => now.data.datasets === 0 && now.gateway.calls === 0 && !now.recent.length;

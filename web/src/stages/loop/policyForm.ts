import type { Schema } from "@/api/client";
import { parseSteps } from "./release";

type Definition = Schema["LoopPolicyDefinition"];
export type Schedule = "none" | "every" | "cron";

export type PolicyInput = {
  name: string;
  route: string;
  dataset: string;
  corrections: number | string;
  scores: number | string;
  drift: boolean;
  driftBound: number | string;
  driftCalls: number | string;
  driftEvery: string;
  schedule: Schedule;
  every: string;
  cron: string;
  newBase: boolean;
  scoreName: string;
  minValue: number | string;
  source: string;
  pairs: boolean;
  model: string;
  base: string;
  recipe: string;
  auto: boolean;
  settings: string;
  trainSplit: string;
  validationSplit: string;
  suite: string;
  gate: string;
  metric: string;
  steps: string;
  minPairs: number | string;
  maxPairs: number | string;
  alpha: number | string;
  shadowPairs: number | string;
  scorers: string[];
  engine: string;
  minutes: number | string;
  cost: number | string;
  coolDown: string;
  consent: boolean;
};

/** Field of the form for each path of the request. */
export const POLICY_FIELDS = {
  "definition.route": "route",
  "definition.dataset": "dataset",
  "definition.triggers": "corrections",
  "definition.triggers.scores": "scores",
  "definition.triggers.drift": "driftBound",
  "definition.triggers.drift.calls": "driftCalls",
  "definition.triggers.drift.every": "driftEvery",
  "definition.triggers.every": "every",
  "definition.triggers.cron": "cron",
  "definition.harvest.name": "scoreName",
  "definition.harvest.min_value": "minValue",
  "definition.training.model": "model",
  "definition.training.base": "base",
  "definition.training.recipe": "recipe",
  "definition.training.settings": "settings",
  "definition.training.train_split": "trainSplit",
  "definition.training.validation_split": "validationSplit",
  "definition.suite": "suite",
  "definition.gate": "gate",
  "definition.release": "steps",
  "definition.release.metric": "metric",
  "definition.release.min_pairs": "minPairs",
  "definition.release.max_pairs": "maxPairs",
  "definition.release.alpha": "alpha",
  "definition.release.shadow_pairs": "shadowPairs",
  "definition.release.scorers": "scorers",
  "definition.engine": "engine",
  "definition.budget.minutes": "minutes",
  "definition.budget.cost": "cost",
  "definition.cool_down": "coolDown",
} as const satisfies Record<string, keyof PolicyInput>;

/** Return the values of the form for a policy, or for a new one. */
export function policyInput(name = "", definition?: Definition): PolicyInput {
  const { triggers, harvest, training, release, budget } = definition ?? {};
  const { drift } = triggers ?? {};
  return {
    name,
    route: definition?.route ?? "",
    dataset: definition?.dataset ?? "",
    corrections: definition ? (triggers?.corrections ?? "") : 50,
    scores: triggers?.scores ?? "",
    drift: Boolean(drift),
    driftBound: drift?.bound ?? 0.65,
    driftCalls: drift?.calls ?? 200,
    driftEvery: drift?.every ?? "10m",
    schedule: triggers?.cron ? "cron" : triggers?.every ? "every" : "none",
    every: triggers?.every ?? "1d",
    cron: triggers?.cron ?? "30 2 * * 1-5",
    newBase: triggers?.new_base ?? false,
    scoreName: harvest?.name ?? "",
    minValue: harvest?.min_value ?? 0.8,
    source: harvest?.source ?? "",
    pairs: harvest?.pairs ?? false,
    model: training?.model ?? "",
    base: training?.base ?? "",
    recipe: training?.recipe ?? "sft",
    auto: training?.auto ?? !definition,
    settings: JSON.stringify(training?.settings ?? {}, null, 2),
    trainSplit: training?.train_split ?? "train",
    validationSplit: training?.validation_split ?? (definition ? "" : "validation"),
    suite: definition?.suite ?? "",
    gate: definition?.gate ?? "",
    metric: release?.metric ?? "quality",
    steps: (release?.steps ?? [0.05, 0.25, 0.5]).map((share) => +(share * 100).toFixed(4)).join(", "),
    minPairs: release?.min_pairs ?? 10,
    maxPairs: release?.max_pairs ?? 500,
    alpha: release?.alpha ?? 0.05,
    shadowPairs: release?.shadow_pairs ?? 0,
    scorers: release?.scorers ?? [],
    engine: definition?.engine ?? "",
    minutes: budget?.minutes ?? 240,
    cost: budget?.cost ?? "",
    coolDown: definition?.cool_down ?? "1h",
    consent: false,
  };
}

/** Return the settings of the training, or null if the text is not a JSON object. */
export function parseSettings(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.trim() || "{}");
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Return true if no condition would start a run. */
export function hasNoTrigger(values: PolicyInput): boolean {
  return !values.corrections && !values.scores && !values.drift && values.schedule === "none" && !values.newBase;
}

/** Return a definition as the server expects it. Values of `previous` that the form does not show are kept. */
export function policyDefinition(values: PolicyInput, previous?: Definition): Definition {
  const number = (value: number | string) => (value === "" || Number(value) === 0 ? null : Number(value));
  const text = (value: string) => value.trim() || null;
  return {
    ...previous,
    route: values.route,
    dataset: values.dataset.trim(),
    triggers: {
      corrections: number(values.corrections),
      scores: number(values.scores),
      drift: values.drift
        ? { bound: Number(values.driftBound), calls: Number(values.driftCalls), every: values.driftEvery.trim() }
        : null,
      every: values.schedule === "every" ? values.every.trim() : null,
      cron: values.schedule === "cron" ? values.cron.trim() : null,
      new_base: values.newBase,
    },
    harvest: {
      name: text(values.scoreName),
      min_value: Number(values.minValue),
      source: text(values.source) as Schema["PolicyHarvest"]["source"],
      pairs: values.pairs,
    },
    training: {
      model: values.model.trim(),
      base: text(values.base),
      recipe: values.recipe.trim(),
      auto: values.auto,
      settings: parseSettings(values.settings) ?? {},
      train_split: values.trainSplit.trim(),
      validation_split: text(values.validationSplit),
    },
    suite: values.suite.trim(),
    gate: text(values.gate),
    release: {
      ...previous?.release,
      metric: values.metric.trim(),
      steps: parseSteps(values.steps) ?? [],
      min_pairs: Number(values.minPairs),
      max_pairs: Number(values.maxPairs),
      alpha: Number(values.alpha),
      shadow_pairs: Number(values.shadowPairs),
      scorers: values.scorers,
    } as Schema["ReleasePlan"],
    engine: text(values.engine),
    budget: { minutes: Number(values.minutes), cost: values.cost === "" ? null : Number(values.cost) },
    cool_down: values.coolDown.trim(),
  } as Definition;
}

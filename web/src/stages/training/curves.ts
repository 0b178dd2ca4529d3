import type { Schema } from "@/api/client";

/** Metrics of one step, as sent by the live stream. */
export type StepMetrics = { step: number; values: Record<string, number> };
/** Values of every metric by step. */
export type MetricsByStep = Map<string, Map<number, number>>;

/** Convert the curves of the API to metrics by step. */
export function fromCurves(curves: Schema["Curve"][]): MetricsByStep {
  return new Map(curves.map((curve) => [curve.name, new Map(curve.points.map((point) => [point.step, point.value]))]));
}

/**
 * Return the metrics extended by new steps. Values of a repeated step replace older ones. Returns a new map so that
 * charts update.
 */
export function mergeMetrics(previous: MetricsByStep, newSteps: StepMetrics[]): MetricsByStep {
  const merged: MetricsByStep = new Map([...previous].map(([name, points]) => [name, new Map(points)]));
  for (const { step, values } of newSteps)
    for (const [name, value] of Object.entries(values)) {
      const points = merged.get(name) ?? new Map<number, number>();
      points.set(step, value);
      merged.set(name, points);
    }
  return merged;
}

/** Return the common x values of several metrics and the value of each metric at them, null if missing. */
export function alignMetrics(metrics: MetricsByStep, names: string[]): { x: number[]; values: (number | null)[][] } {
  const steps = new Set(names.flatMap((name) => [...(metrics.get(name)?.keys() ?? [])]));
  const x = [...steps].sort((a, b) => a - b);
  return { x, values: names.map((name) => x.map((step) => metrics.get(name)?.get(step) ?? null)) };
}

/** Return the newest value of a metric, or null. */
export function newestValue(metrics: MetricsByStep, name: string): number | null {
  const points = metrics.get(name);
  if (!points?.size) return null;
  return points.get(Math.max(...points.keys())) ?? null;
}

/** Return an exponential moving average. Bias-corrected, so that it starts at the first value. */
export function smooth(values: (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let weightSum = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    weightSum = weight * weightSum + (1 - weight);
    return sum / weightSum;
  });
}

type MetricText = "loss" | "evalLoss" | "rate" | "norm" | "speed" | "memory" | "cpu" | "gpu";
/** Metrics with a text of their own on the page of a run. */
export const METRIC_TEXTS: Record<string, MetricText> = {
  loss: "loss",
  eval_loss: "evalLoss",
  learning_rate: "rate",
  grad_norm: "norm",
  tokens_per_second: "speed",
  memory_bytes: "memory",
  cpu_percent: "cpu",
  gpu_percent: "gpu",
};

export const SAMPLE_PREFIX = "sample_";

/** Return the names of the metrics of samples, sorted. */
export const sampleMetrics = (metrics: MetricsByStep): string[] =>
  [...metrics.keys()].filter((name) => name.startsWith(SAMPLE_PREFIX)).sort();

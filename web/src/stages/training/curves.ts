import type { S } from "@/api/client";

/** Figures of a step, as the live stream gives them. */
export type StepFigures = { step: number; values: Record<string, number> };
/** Every figure by its step. */
export type Figures = Map<string, Map<number, number>>;

/** The curves of the API as figures by step. */
export function fromCurves(curves: S["Curve"][]): Figures {
  return new Map(curves.map((curve) => [curve.name, new Map(curve.points.map((point) => [point.step, point.value]))]));
}

/** The figures with more of them; a step that came again takes the newer values. A new value, so that charts see it. */
export function merged(had: Figures, more: StepFigures[]): Figures {
  const found: Figures = new Map([...had].map(([name, points]) => [name, new Map(points)]));
  for (const { step, values } of more)
    for (const [name, value] of Object.entries(values)) {
      const points = found.get(name) ?? new Map<number, number>();
      points.set(step, value);
      found.set(name, points);
    }
  return found;
}

/** Common x values of some figures, and each figure at them: null where it has none. */
export function aligned(figures: Figures, names: string[]): { x: number[]; values: (number | null)[][] } {
  const steps = new Set(names.flatMap((name) => [...(figures.get(name)?.keys() ?? [])]));
  const x = [...steps].sort((one, other) => one - other);
  return { x, values: names.map((name) => x.map((step) => figures.get(name)?.get(step) ?? null)) };
}

/** The newest value of a figure. */
export function newest(figures: Figures, name: string): number | null {
  const points = figures.get(name);
  if (!points?.size) return null;
  return points.get(Math.max(...points.keys())) ?? null;
}

/** An exponential moving average that starts at the first value (its weight corrected for the start). */
export function smoothed(values: (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

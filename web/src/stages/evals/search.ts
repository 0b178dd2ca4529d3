/** Search parameters of the evaluation pages. */
export type FormSearch = { model?: string; dataset?: string; split?: string };
export type RunSearch = { failed?: true; open?: number };
export const OUTCOMES = ["loss", "win", "tie"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type CompareSearch = {
  a?: string;
  b?: string;
  outcome?: Outcome;
  by?: string;
  text?: string;
  slice?: string;
  slices?: string[];
};

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

export const readFormSearch = (search: Record<string, unknown>): FormSearch => ({
  model: optionalText(search.model),
  dataset: optionalText(search.dataset),
  split: optionalText(search.split),
});

export const readRunSearch = (search: Record<string, unknown>): RunSearch => {
  const open = Number(search.open);
  return {
    failed: search.failed === true || search.failed === "true" ? true : undefined,
    open: search.open !== undefined && Number.isInteger(open) && open >= 0 ? open : undefined,
  };
};

export const readCompareSearch = (search: Record<string, unknown>): CompareSearch => ({
  a: optionalText(search.a),
  b: optionalText(search.b),
  outcome: OUTCOMES.find((outcome) => outcome === search.outcome),
  by: optionalText(search.by),
  text: optionalText(search.text),
  slice: optionalText(search.slice),
  slices: Array.isArray(search.slices) && search.slices.length > 0 ? search.slices.map(String) : undefined,
});

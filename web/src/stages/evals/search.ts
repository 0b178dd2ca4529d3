/** Search parameters of the evaluation pages. */
export type FormSearch = { model?: string; dataset?: string; split?: string };
export type RunSearch = { failed?: true; open?: number };
export const CHANGE_FILTERS = ["all", "regressions", "improvements"] as const;
export type ChangeFilter = (typeof CHANGE_FILTERS)[number];
export type CompareSearch = { a?: string; b?: string; change?: ChangeFilter; by?: string };

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
  change: CHANGE_FILTERS.find((changeFilter) => changeFilter === search.change),
  by: optionalText(search.by),
});

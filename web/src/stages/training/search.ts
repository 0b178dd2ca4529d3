/** Search parameters of the training pages. `like` is a run whose settings the form starts with. */
export type FormSearch = { dataset?: string; base?: string; name?: string; like?: string };
export type CompareSearch = { runs?: string };

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

export const readFormSearch = (search: Record<string, unknown>): FormSearch => ({
  dataset: optionalText(search.dataset),
  base: optionalText(search.base),
  name: optionalText(search.name),
  like: optionalText(search.like),
});

export const readCompareSearch = (search: Record<string, unknown>): CompareSearch => ({
  runs: optionalText(search.runs),
});

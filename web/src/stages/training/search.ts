/** What the addresses of the training pages hold. `like` is a run whose settings a new one begins with. */
export type FormSearch = { dataset?: string; base?: string; name?: string; like?: string };
export type CompareSearch = { runs?: string };

const text = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

export const formSearch = (search: Record<string, unknown>): FormSearch => ({
  dataset: text(search.dataset),
  base: text(search.base),
  name: text(search.name),
  like: text(search.like),
});

export const compareSearch = (search: Record<string, unknown>): CompareSearch => ({ runs: text(search.runs) });

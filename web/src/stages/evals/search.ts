/** What the addresses of the evaluation pages hold. */
export type FormSearch = { model?: string; dataset?: string; split?: string };
export type RunSearch = { failed?: true; open?: number };
export const TURNS = ["all", "regressions", "improvements"] as const;
export type Turn = (typeof TURNS)[number];
export type CompareSearch = { a?: string; b?: string; turn?: Turn; by?: string };

const text = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

export const formSearch = (search: Record<string, unknown>): FormSearch => ({
  model: text(search.model),
  dataset: text(search.dataset),
  split: text(search.split),
});

export const runSearch = (search: Record<string, unknown>): RunSearch => {
  const open = Number(search.open);
  return {
    failed: search.failed === true || search.failed === "true" ? true : undefined,
    open: search.open !== undefined && Number.isInteger(open) && open >= 0 ? open : undefined,
  };
};

export const compareSearch = (search: Record<string, unknown>): CompareSearch => ({
  a: text(search.a),
  b: text(search.b),
  turn: TURNS.find((turn) => turn === search.turn),
  by: text(search.by),
});

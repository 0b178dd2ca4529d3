/** Search parameters of the pages of a prompt. */
export const TABS = ["edit", "versions", "labels", "traffic", "optimise", "redteam"] as const;
export type Tab = (typeof TABS)[number];
export type PromptSearch = { tab?: Tab; version?: string; old?: string; new?: string; branch?: string };
export type RedTeamComparisonSearch = { a?: string; b?: string };

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

/** Return the search parameters of a prompt. Unknown ones are dropped. */
export const readPromptSearch = (search: Record<string, unknown>): PromptSearch => ({
  tab: TABS.find((tab) => tab === search.tab),
  version: optionalText(search.version),
  old: optionalText(search.old),
  new: optionalText(search.new),
  branch: optionalText(search.branch),
});

/** Return the two red team runs to compare. */
export const readRedTeamComparison = (search: Record<string, unknown>): RedTeamComparisonSearch => ({
  a: optionalText(search.a),
  b: optionalText(search.b),
});

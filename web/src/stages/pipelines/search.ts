export const TABS = ["canvas", "yaml", "runs", "versions", "publication"] as const;
export type Tab = (typeof TABS)[number];

/** Search parameters of a pipeline page: the tab, and the versions that the tab Versions compares. */
export type PipelineSearch = { tab?: Tab; old?: string; new?: string };

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value ? value : typeof value === "number" ? String(value) : undefined;

/** Read the search parameters of a pipeline page. Unknown values are dropped. */
export function readPipelineSearch(search: Record<string, unknown>): PipelineSearch {
  const tab = TABS.find((one) => one === search.tab);
  return { tab, old: text(search.old), new: text(search.new) };
}

/** Search parameters of a run page: the selected step. */
export type RunSearch = { step?: string };
export const readRunSearch = (search: Record<string, unknown>): RunSearch => ({ step: text(search.step) });

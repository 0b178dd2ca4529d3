export const TABS = [
  "canvas",
  "yaml",
  "runs",
  "replays",
  "versions",
  "publication",
  "conversations",
  "automation",
] as const;
export type Tab = (typeof TABS)[number];

/** Search parameters of a pipeline page: the tab, the versions to compare, and the conversation that is shown. */
export type PipelineSearch = { tab?: Tab; old?: string; new?: string; conversation?: string };

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value ? value : typeof value === "number" ? String(value) : undefined;

/** Read the search parameters of a pipeline page. Unknown values are dropped. */
export function readPipelineSearch(search: Record<string, unknown>): PipelineSearch {
  const tab = TABS.find((one) => one === search.tab);
  return { tab, old: text(search.old), new: text(search.new), conversation: text(search.conversation) };
}

/** Search parameters of a run page: the selected step. */
export type RunSearch = { step?: string };
export const readRunSearch = (search: Record<string, unknown>): RunSearch => ({ step: text(search.step) });

/** What the address of a base holds: the tab, the open document, the query, the question and its model. */
export const TABS = ["documents", "search", "ask"] as const;
export type Tab = (typeof TABS)[number];
export type BaseSearch = { tab?: Tab; document?: string; job?: string; q?: string; question?: string; model?: string };

const text = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

export const baseSearch = (search: Record<string, unknown>): BaseSearch => ({
  tab: TABS.find((tab) => tab === search.tab),
  document: text(search.document),
  job: text(search.job),
  q: text(search.q),
  question: text(search.question),
  model: text(search.model),
});

/** Where in a document a passage stands, without the title said twice. */
export function trail(title: string, heading: string): string {
  const steps = heading.split(" > ").filter(Boolean);
  const said = title === steps[0] || title.startsWith(`${steps[0]} | `);
  return [title, ...(said ? steps.slice(1) : steps)].join(" › ");
}

/** A text cut where it cites: `[2]` becomes the number 2, and the rest stays text. */
export function cut(answer: string): (string | number)[] {
  return answer
    .split(/(\[\d+\])/)
    .filter(Boolean)
    .map((piece) => (/^\[\d+\]$/.test(piece) ? Number(piece.slice(1, -1)) : piece));
}

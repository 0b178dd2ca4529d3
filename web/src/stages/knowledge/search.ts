/** Search parameters of a knowledge base: tab, open document, query, question and model. */
export const TABS = ["documents", "search", "ask"] as const;
export type Tab = (typeof TABS)[number];
export type BaseSearch = { tab?: Tab; document?: string; job?: string; q?: string; question?: string; model?: string };

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));

export const readBaseSearch = (search: Record<string, unknown>): BaseSearch => ({
  tab: TABS.find((tab) => tab === search.tab),
  document: optionalText(search.document),
  job: optionalText(search.job),
  q: optionalText(search.q),
  question: optionalText(search.question),
  model: optionalText(search.model),
});

/** Return the heading path of a passage. The document title is not repeated. */
export function headingPath(title: string, heading: string): string {
  const headings = heading.split(" > ").filter(Boolean);
  const titleIsFirst = title === headings[0] || title.startsWith(`${headings[0]} | `);
  return [title, ...(titleIsFirst ? headings.slice(1) : headings)].join(" › ");
}

/** Split a text at its citations: `[2]` becomes the number 2, everything else stays text. */
export function splitAtCitations(answer: string): (string | number)[] {
  return answer
    .split(/(\[\d+\])/)
    .filter(Boolean)
    .map((part) => (/^\[\d+\]$/.test(part) ? Number(part.slice(1, -1)) : part));
}

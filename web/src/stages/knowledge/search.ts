/** Search parameters of the pages of a knowledge base. */
export const TABS = ["documents", "sources", "search", "ask", "questions", "indexes", "settings"] as const;
export type Tab = (typeof TABS)[number];
export const DOCUMENT_STATES = ["ready", "failed", "loading", "indexing", "pending"] as const;
export type DocumentState = (typeof DOCUMENT_STATES)[number];
export const QUESTION_STATES = ["proposed", "accepted", "rejected"] as const;
export type QuestionState = (typeof QUESTION_STATES)[number];
export const MODES = ["hybrid", "vector", "text"] as const;
export const FUSIONS = ["scores", "ranks"] as const;

export type RetrievalSearch = {
  q?: string;
  mode?: (typeof MODES)[number];
  fusion?: (typeof FUSIONS)[number];
  index?: number;
  limit?: number;
  diversity?: number;
  neighbours?: number;
  rerank?: string;
  filter?: string;
};
export type BaseSearch = RetrievalSearch & {
  tab?: Tab;
  state?: DocumentState;
  review?: QuestionState;
  job?: string;
  question?: string;
  model?: string;
};

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));
const optionalNumber = (value: unknown, min: number, max: number) => {
  const number = Number(value);
  return value === undefined || value === "" || !(number >= min && number <= max) ? undefined : number;
};

/** Return the search parameters of a base. Unknown and invalid ones are dropped. */
export const readBaseSearch = (search: Record<string, unknown>): BaseSearch => ({
  tab: TABS.find((tab) => tab === search.tab),
  state: DOCUMENT_STATES.find((state) => state === search.state),
  review: QUESTION_STATES.find((state) => state === search.review),
  job: optionalText(search.job),
  q: optionalText(search.q),
  mode: MODES.find((mode) => mode === search.mode),
  fusion: FUSIONS.find((fusion) => fusion === search.fusion),
  index: optionalNumber(search.index, 1, 2 ** 31 - 1),
  limit: optionalNumber(search.limit, 1, 200),
  diversity: optionalNumber(search.diversity, 0, 1),
  neighbours: optionalNumber(search.neighbours, 0, 10),
  rerank: optionalText(search.rerank),
  filter: typeof search.filter === "object" ? JSON.stringify(search.filter) : optionalText(search.filter),
  question: optionalText(search.question),
  model: optionalText(search.model),
});

export type DocumentSearch = { start?: number; end?: number };

/** Return the highlighted range of a document. An empty or incomplete range is dropped. */
export function readDocumentSearch(search: Record<string, unknown>): DocumentSearch {
  const start = optionalNumber(search.start, 0, Number.MAX_SAFE_INTEGER);
  const end = optionalNumber(search.end, 0, Number.MAX_SAFE_INTEGER);
  return start !== undefined && end !== undefined && end > start ? { start, end } : {};
}

export type EvaluationsSearch = { a?: string; b?: string; metric?: string };

/** Return the two evaluations to compare and the metric of the changed questions. */
export const readEvaluationsSearch = (search: Record<string, unknown>): EvaluationsSearch => ({
  a: optionalText(search.a),
  b: optionalText(search.b),
  metric: optionalText(search.metric),
});

/** Return the heading path of a passage. The document title is not repeated. */
export function headingPath(title: string, heading: string): string {
  const headings = heading.split(" > ").filter(Boolean);
  const titleIsFirst = title === headings[0] || title.startsWith(`${headings[0]} | `);
  return [title, ...(titleIsFirst ? headings.slice(1) : headings)].join(" › ");
}

/** Return a text as a JSON object, undefined for an empty text, or null if the text is no JSON object. */
export function parseFilter(text: string): Record<string, unknown> | undefined | null {
  if (!text.trim()) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

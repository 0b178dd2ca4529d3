import type { Schema } from "@/api/client";

/** Metrics of a table of evaluations, most important first. Those of other cutoffs are on the page of the evaluation. */
const TABLE_FAMILIES = ["recall@", "ndcg@", "mrr", "faithfulness", "relevance"];

const cutoff = (name: string) => Number(name.split("@")[1] ?? 0);

/** Return the metrics of a table: one of each family, that of the largest cutoff up to 10. */
export function tableMetrics(names: string[]): string[] {
  return TABLE_FAMILIES.flatMap((family) => {
    const found = names.filter((name) => (family.endsWith("@") ? name.startsWith(family) : name === family));
    const small = found.filter((name) => cutoff(name) <= 10);
    const best = (small.length ? small : found).sort((a, b) => cutoff(b) - cutoff(a))[0];
    return best ? [best] : [];
  });
}

/** Return the metric that stands for an evaluation: nDCG, or else the first of the table. */
export const mainMetric = (names: string[]): string | undefined =>
  tableMetrics(names).find((name) => name.startsWith("ndcg@")) ?? tableMetrics(names)[0];

/** Return the cutoffs of a text such as "1, 5, 10", or null if one is not a number from 1 to 100. */
export function parseCutoffs(text: string): number[] | null {
  const numbers = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number);
  const valid = numbers.length > 0 && numbers.every((k) => Number.isInteger(k) && k >= 1 && k <= 100);
  return valid ? [...new Set(numbers)].sort((a, b) => a - b) : null;
}

/** Select or deselect an evaluation. At most two of the same question set are selected, oldest selection first. */
export function toggleSelection(
  selected: Schema["KnowledgeEvaluation"][],
  one: Schema["KnowledgeEvaluation"],
): Schema["KnowledgeEvaluation"][] {
  if (selected.some((other) => other.id === one.id)) return selected.filter((other) => other.id !== one.id);
  const comparable = selected.filter((other) => other.question_set_hash === one.question_set_hash);
  return [...comparable, one].slice(-2);
}

export type QuestionInput = {
  question: string;
  passages: { path: string; quote: string; relevance: number }[];
  answer: string;
  answerable: boolean;
};

/** Return a question as values of the form. */
export const questionInput = (stored?: Schema["KnowledgeQuestion"]): QuestionInput => ({
  question: stored?.question ?? "",
  passages: (stored?.passages ?? []).map(({ path, quote = "", relevance = 1 }) => ({ path, quote, relevance })),
  answer: stored?.answer ?? "",
  answerable: stored?.answerable ?? true,
});

/** Return the question of the form. A question that is not answerable has no passages and no answer. */
export function questionContent({ question, passages, answer, answerable }: QuestionInput): Schema["QuestionContent"] {
  const kept = answerable ? passages.filter((passage) => passage.path.trim()) : [];
  return {
    question: question.trim(),
    passages: kept.map((passage) => ({ ...passage, path: passage.path.trim(), quote: passage.quote.trim() })),
    answer: (answerable && answer.trim()) || null,
    answerable,
  };
}

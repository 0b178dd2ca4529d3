import type { Schema } from "@/api/client";

type Passage = Schema["RetrievedPassage"];
export const STEPS = ["vector", "text", "fusion", "rerank"] as const;
export type Step = (typeof STEPS)[number];
/** Score of a passage in one step of retrieval. `share` is the width of its bar in 0..1, relative to all passages. */
export type StepScore = { step: Step; score: number | null; rank: number | null; share: number };

const readScore: Record<Step, (passage: Passage) => number | null> = {
  vector: (passage) => (passage.vector_rank ? passage.similarity : null),
  text: (passage) => passage.text_score ?? null,
  fusion: (passage) => passage.fusion_score ?? null,
  rerank: (passage) => passage.rerank_score ?? null,
};

function readRank(step: Step, passage: Passage, order: (number | null)[]): number | null {
  if (step === "vector") return passage.vector_rank ?? null;
  if (step === "text") return passage.text_rank ?? null;
  const score = readScore[step](passage);
  return score === null ? null : order.filter((other) => other !== null && other > score).length + 1;
}

/**
 * Return the scores of each passage by step. Steps that no passage went through are left out. Bars of scores that are
 * not below zero begin at zero; others begin below the lowest score.
 */
export function stepScores(passages: Passage[]): StepScore[][] {
  const used = STEPS.filter((step) => passages.some((passage) => readScore[step](passage) !== null));
  const scores = Object.fromEntries(used.map((step) => [step, passages.map(readScore[step])]));
  return passages.map((passage) =>
    used.map((step) => {
      const all = scores[step] ?? [];
      const known = all.filter((score) => score !== null);
      const low = Math.min(0, ...known);
      const high = Math.max(...known);
      const score = readScore[step](passage);
      const share = score === null ? 0 : high > low ? (score - low) / (high - low) : 1;
      return { step, score, rank: readRank(step, passage, all), share };
    }),
  );
}

import { expect, test } from "vitest";
import { stepScores } from "./steps";

type Passage = Parameters<typeof stepScores>[0][number];
const passage = (fields: Partial<Passage>) => ({ similarity: 0, score: 0, ...fields }) as Passage;

test("the score of each step has a rank and a bar relative to the best passage", () => {
  const [first, second] = stepScores([
    passage({ similarity: 0.8, vector_rank: 1, text_score: 10, text_rank: 2, fusion_score: 3 }),
    passage({ similarity: 0.4, vector_rank: 2, fusion_score: 1.5 }),
  ]);
  expect(first).toEqual([
    { step: "vector", score: 0.8, rank: 1, share: 1 },
    { step: "text", score: 10, rank: 2, share: 1 },
    { step: "fusion", score: 3, rank: 1, share: 1 },
  ]);
  expect(second?.[0]?.share).toBeCloseTo(0.5);
  expect(second?.[1]).toEqual({ step: "text", score: null, rank: null, share: 0 });
  expect(second?.[2]?.rank).toBe(2);
});

test("bars of negative scores begin at the lowest score", () => {
  const [first, second] = stepScores([passage({ rerank_score: 2 }), passage({ rerank_score: -2 })]);
  expect(first?.[0]).toMatchObject({ step: "rerank", share: 1, rank: 1 });
  expect(second?.[0]).toMatchObject({ step: "rerank", share: 0, rank: 2 });
});

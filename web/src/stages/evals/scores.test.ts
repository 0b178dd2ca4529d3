import { axisPosition, changeDirection, meanScore, sortScores, verdict } from "./scores";

test("the most important scores come first", () => {
  expect(sortScores(["bleu", "rouge1", "exact_match", "json_fields.a"])).toEqual([
    "exact_match",
    "bleu",
    "json_fields.a",
    "rouge1",
  ]);
});

test("an interval that contains 0 is unclear", () => {
  expect(verdict({ low: -0.1, high: 0.2 })).toBe("unclear");
  expect(verdict({ low: 0, high: 0.2 })).toBe("unclear");
  expect(verdict({ low: 0.01, high: 0.2 })).toBe("better");
  expect(verdict({ low: -0.2, high: -0.01 })).toBe("worse");
});

test("the change direction depends on one score and is 0 if the score is missing", () => {
  const change = { a_scores: { exact_match: 1 }, b_scores: { exact_match: 0 } };
  expect(changeDirection(change, "exact_match")).toBe(-1);
  expect(changeDirection(change, "bleu")).toBe(0);
});

test("0 is in the middle of the axis and values are clamped", () => {
  expect(axisPosition(0, 0.5)).toBe(0.5);
  expect(axisPosition(0.5, 0.5)).toBe(1);
  expect(axisPosition(-9, 0.5)).toBe(0);
});

test("an answer without scores has the lowest mean", () => {
  expect(meanScore({})).toBe(-1);
  expect(meanScore({ exact_match: 1, bleu: 50 })).toBe(0.75);
});

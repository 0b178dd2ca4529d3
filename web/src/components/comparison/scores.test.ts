import { axisPosition, meanScore, scoreDecimals, sortScores, verdict } from "./scores";

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

test("a difference that many metrics explain by chance is unclear", () => {
  expect(verdict({ low: 0.01, high: 0.2, adjusted_p: 0.0937 })).toBe("unclear");
  expect(verdict({ low: -0.2, high: -0.01, adjusted_p: 0.0937 })).toBe("unclear");
  expect(verdict({ low: 0.01, high: 0.2, adjusted_p: 0.05 })).toBe("better");
});

test("the verdict follows the direction of the metric", () => {
  expect(verdict({ low: 0.01, high: 0.2, higher_is_better: false })).toBe("worse");
  expect(verdict({ low: -0.2, high: -0.01, higher_is_better: false })).toBe("better");
  expect(verdict({ low: 0.01, high: 0.2, higher_is_better: null })).toBe("unclear");
});

test("measures without a maximum have no meter and are not part of the mean", () => {
  expect(meanScore({ exact_match: 0.5, latency_ms: 900 })).toBe(0.5);
  expect([scoreDecimals("latency_ms"), scoreDecimals("chrf"), scoreDecimals("rougeL")]).toEqual([0, 1, 3]);
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

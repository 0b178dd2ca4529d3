import { meanOf, onAxis, ordered, turnOf, verdict } from "./scores";

test("the scores that say most come first", () => {
  expect(ordered(["bleu", "rouge1", "exact_match", "json_fields.a"])).toEqual([
    "exact_match",
    "bleu",
    "json_fields.a",
    "rouge1",
  ]);
});

test("an interval that holds 0 shows nothing", () => {
  expect(verdict({ low: -0.1, high: 0.2 })).toBe("unclear");
  expect(verdict({ low: 0, high: 0.2 })).toBe("unclear");
  expect(verdict({ low: 0.01, high: 0.2 })).toBe("better");
  expect(verdict({ low: -0.2, high: -0.01 })).toBe("worse");
});

test("an example turns by one score, and not by a score that it lacks", () => {
  const change = { a_scores: { exact_match: 1 }, b_scores: { exact_match: 0 } };
  expect(turnOf(change, "exact_match")).toBe(-1);
  expect(turnOf(change, "bleu")).toBe(0);
});

test("0 is in the middle of the axis, and nothing leaves it", () => {
  expect(onAxis(0, 0.5)).toBe(0.5);
  expect(onAxis(0.5, 0.5)).toBe(1);
  expect(onAxis(-9, 0.5)).toBe(0);
});

test("an answer without scores is the worst", () => {
  expect(meanOf({})).toBe(-1);
  expect(meanOf({ exact_match: 1, bleu: 50 })).toBe(0.75);
});

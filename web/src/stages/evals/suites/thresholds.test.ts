import { describeThreshold, parseThresholds } from "./thresholds";

test("thresholds are read line by line", () => {
  expect(parseThresholds("exact_match >= 0.8\n\nlatency_ms<=500")).toEqual([
    { scorer: "exact_match", at_least: 0.8 },
    { scorer: "latency_ms", at_most: 500 },
  ]);
  expect(parseThresholds("exact_match above 3")).toBeNull();
  expect(parseThresholds("")).toEqual([]);
});

test("a check is described with its slice", () => {
  const check = { scorer: "chrf", direction: "at_least", bound: 60, slice: "language=vi" };
  expect(describeThreshold(check)).toBe("chrf ≥ 60 · language=vi");
});

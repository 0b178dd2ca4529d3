import { describeThreshold, NEW_THRESHOLD, toThreshold } from "./thresholds";

test("a threshold has one bound, and the share of answers that must have the metric", () => {
  expect(toThreshold({ ...NEW_THRESHOLD, scorer: " chrf ", bound: 60, slice: "language=vi", minPercent: 95 })).toEqual({
    scorer: "chrf",
    at_least: 60,
    slice: "language=vi",
    min_share: 0.95,
    confident: false,
  });
  const latency = toThreshold({ ...NEW_THRESHOLD, scorer: "latency_ms", direction: "at_most", bound: 500 });
  expect(latency).toMatchObject({ at_most: 500, slice: null, min_share: 1 });
});

test("a check is described with its slice", () => {
  const check = { scorer: "chrf", direction: "at_least", bound: 60, slice: "language=vi" };
  expect(describeThreshold(check)).toBe("chrf ≥ 60 · language=vi");
});

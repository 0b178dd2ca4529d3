import type { Schema } from "@/api/client";
import { parseSteps, releasePath, releaseShare } from "./release";

const release = (changes: object) =>
  ({
    status: "running",
    stage: "canary",
    step: 1,
    plan: { steps: [0.05, 0.25, 0.5], shadow_pairs: 20 },
    ...changes,
  }) as unknown as Schema["Release"];

test("the path shows what is done, where the release is, and where it failed", () => {
  const states = (changes: object) => releasePath(release(changes)).map((point) => point.state);
  expect(states({})).toEqual(["done", "done", "current", "open", "open"]);
  expect(states({ stage: "shadow", step: 0 })).toEqual(["current", "open", "open", "open", "open"]);
  expect(states({ status: "rolled_back" })).toEqual(["done", "done", "failed", "open", "open"]);
  expect(states({ status: "promoted" })).toEqual(["done", "done", "done", "done", "done"]);
  expect(states({ status: "scheduled" })).toEqual(["open", "open", "open", "open", "open"]);
});

test("users receive the candidate only in the canary and after the promotion", () => {
  expect(releaseShare(release({}))).toBe(0.25);
  expect(releaseShare(release({ stage: "shadow" }))).toBe(0);
  expect(releaseShare(release({ status: "promoted" }))).toBe(1);
  expect(releaseShare(release({ status: "rolled_back" }))).toBe(0);
});

test("steps are rising shares below 100 percent", () => {
  expect(parseSteps("5, 25;50")).toEqual([0.05, 0.25, 0.5]);
  expect(parseSteps("25, 5")).toBeNull();
  expect(parseSteps("5, 100")).toBeNull();
  expect(parseSteps("")).toBeNull();
  expect(parseSteps("a")).toBeNull();
});

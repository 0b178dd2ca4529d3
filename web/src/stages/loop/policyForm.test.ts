import { expect, test } from "vitest";
import { gateBody, gateInput } from "./gateForm";
import { hasNoTrigger, parseSettings, policyDefinition, policyInput } from "./policyForm";

test("a definition survives the form, with the values that it does not show", () => {
  const input = { ...policyInput(), name: "kind", route: "kind", dataset: "rows", model: "kind", suite: "kind" };
  const definition = policyDefinition({ ...input, schedule: "cron", drift: true, settings: '{"epochs": 2}' });
  expect(definition.triggers).toEqual({
    corrections: 50,
    scores: null,
    drift: { bound: 0.65, calls: 200, every: "10m" },
    every: null,
    cron: "30 2 * * 1-5",
    new_base: false,
  });
  expect(definition.release?.steps).toEqual([0.05, 0.25, 0.5]);
  const stored = { ...definition, release: { ...definition.release, guard_alpha: 0.01 } } as typeof definition;
  const again = policyDefinition(policyInput("kind", stored), stored);
  expect(again).toEqual(stored);
});

test("a policy without a trigger and settings that are no object are found before the request", () => {
  expect(hasNoTrigger({ ...policyInput(), corrections: "" })).toBe(true);
  expect(hasNoTrigger({ ...policyInput(), corrections: 0, newBase: true })).toBe(false);
  expect(parseSettings("[1]")).toBeNull();
  expect(parseSettings("{")).toBeNull();
  expect(parseSettings(" ")).toEqual({});
});

test("requirements that do not apply to the subjects of a gate policy are left out", () => {
  const body = gateBody({ ...gateInput(), pattern: " *:prod ", parity: true, owner: 1, retrieval: ["recall@5"] });
  expect(body.pattern).toBe("*:prod");
  expect(body.requirements).toMatchObject({ parity: true, approvals: { owner: 1 }, max_age_days: null });
  expect(body.requirements).not.toHaveProperty("retrieval");
  const index = gateBody({ ...gateInput(), kind: "index", parity: true, retrieval: ["recall@5"] });
  expect(index.requirements).toMatchObject({ retrieval: ["recall@5"], retrieval_margin: null, min_questions: 1 });
  expect(index.requirements).not.toHaveProperty("parity");
});

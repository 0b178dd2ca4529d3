import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { evidenceLocation, policyRunPath, policyState } from "./policies";

const status = (changes: object) => ({ policy: { paused: false }, ...changes }) as Schema["PolicyStatus"];

test("a policy waits, is paused, runs, or is in its cool-down", () => {
  expect(policyState(status({}))).toBe("waiting");
  expect(policyState(status({ policy: { paused: true } }))).toBe("paused");
  expect(policyState(status({ policy: { paused: true }, active_run: "a" }))).toBe("running");
  expect(policyState(status({ waits_until: "2026-11-30T00:00:00Z" }))).toBe("cool_down");
});

test("the path shows finished steps, the current one, and where a run stopped", () => {
  const steps = [
    { name: "harvest", status: "passed" },
    { name: "health check", status: "stopped" },
    { name: "clean up", status: "running" },
  ] as Schema["PolicyStep"][];
  const states = policyRunPath({ steps }).map((point) => point.state);
  expect(states).toEqual(["done", "failed", "ahead", "ahead", "ahead", "ahead", "ahead", "current"]);
});

test("evidence links to its pages", () => {
  expect(evidenceLocation("suite", "triage@2")?.to).toBe("/evals/suites/triage");
  expect(evidenceLocation("baseline", "1")?.to).toBe("/evals/suite-runs/1");
  expect(evidenceLocation("release", "1")?.to).toBe("/loop/releases/1");
  expect(evidenceLocation("dataset", "kind@2")).toEqual({ to: "/data/kind", search: { version: "kind@2" } });
});

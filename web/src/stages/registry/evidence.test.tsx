import type { Schema } from "@/api/client";
import { baselines, comparisonEvidence, deploymentNames, evidenceDifference, versionEvaluations } from "./evidence";

const version = { name: "triage", hash: "4cf33f033a1e7175", created_at: "2026-11-24T01:50:00Z" };
const deployments = [
  { name: "tuned", model: "triage@4cf33f033a1e" },
  { name: "base", model: "base@c0" },
] as Schema["Deployment"][];
const run = (id: string, model: string, rest: Partial<Schema["EvalResult"]> = {}) =>
  ({
    id,
    model,
    dataset: "tickets@7a",
    split: "test",
    scorers: ["exact_match", "bleu"],
    status: "finished",
    created_at: "2026-11-24T02:00:00Z",
    ...rest,
  }) as Schema["EvalResult"];

test("the evaluations of a version are those of its deployments since its creation", () => {
  const runs = [
    run("1", "deployment/tuned"),
    run("2", "deployment/base"),
    run("3", "deployment/tuned", { created_at: "2026-11-24T01:00:00Z" }),
    run("4", "deployment/tuned", { status: "running" }),
  ];
  expect(deploymentNames("triage@4cf33f033a1e", deployments)).toEqual(["deployment/tuned"]);
  expect(versionEvaluations(version, deployments, runs).map((evaluation) => evaluation.id)).toEqual(["1"]);
});

test("only runs on the same examples with a common scorer can be compared", () => {
  const runs = [
    run("1", "a"),
    run("2", "b"),
    run("3", "b", { split: "train" }),
    run("4", "b", { scorers: ["rouge"] }),
    run("5", "b", { dataset: "other@1" }),
  ];
  expect(baselines(runs[0] as Schema["EvalResult"], runs).map((evaluation) => evaluation.id)).toEqual(["2"]);
});

test("both kinds of evidence provide a difference with its interval", () => {
  const metric = { n: 76, a: 0.04, b: 0.88, difference: 0.84, low: 0.7, high: 0.9, wins: 64, losses: 0, ties: 12 };
  const evidence = comparisonEvidence({
    a: run("1", "a"),
    b: run("2", "b"),
    n: 76,
    left_out: 0,
    confidence: 0.95,
    metrics: { exact_match: metric },
  } as unknown as Schema["EvalComparison"]);
  expect(evidence.comparison).toMatchObject({ a: "1", b: "2", n: 76 });
  expect(evidenceDifference(evidence)).toEqual({ difference: 0.84, low: 0.7, high: 0.9 });
  expect(evidenceDifference({ canary: "c", difference: 0.89, low: 0.15, high: 0.99, pairs: 10 })?.low).toBe(0.15);
  expect(evidenceDifference({ note: "looks good" })).toBeNull();
});

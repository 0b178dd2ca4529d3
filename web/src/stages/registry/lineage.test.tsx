import type { Schema } from "@/api/client";
import { entityLocation } from "@/components/entities";
import { findNearest, provenancePath, toLineageGraph } from "./lineage";

const node = (
  kind: Schema["LineageNode"]["kind"],
  ref: string,
  children: Schema["LineageNode"][] = [],
  rest: Partial<Schema["LineageNode"]> = {},
) => ({ kind, ref, title: "", detail: {}, children, more: 0, ...rest }) as Schema["LineageNode"];

const rows = node("dataset", "tickets@d8", [node("row", "row:aa", [node("file", "tickets.jsonl#1")])], { more: 462 });
const model = node("model", "triage@4c", [node("run", "r1"), rows, node("model", "base@c0")]);
const answer = { ref: "s1", backwards: node("answer", "s1", [node("deployment", "tuned", [model])]), forwards: null };

test("inputs of a model are connected through its training run", () => {
  const { edges } = toLineageGraph(answer, true);
  const lines = edges.map((edge) => `${edge.from} > ${edge.to}`);
  expect(lines).toContain("dataset tickets@d8 > run r1");
  expect(lines).toContain("model base@c0 > run r1");
  expect(lines).toContain("run r1 > model triage@4c");
  expect(lines).not.toContain("dataset tickets@d8 > model triage@4c");
  expect(lines).toContain("deployment tuned > answer s1");
  expect(lines).toContain("file tickets.jsonl#1 > row row:aa");
});

test("hidden rows are counted", () => {
  const hiddenRows = toLineageGraph(answer).entities.find((entity) => entity.kind === "rows");
  expect(hiddenRows).toMatchObject({
    count: 462,
    location: { to: "/data/tickets", search: { version: "tickets@d8" } },
  });
});

test("both directions are merged into one graph without duplicates", () => {
  const forwards = node("model", "triage@4c", [node("deployment", "tuned"), node("deployment", "other")], {
    detail: { answers: 95 },
  });
  const { entities, edges } = toLineageGraph({ ref: "triage@4c", backwards: model, forwards });
  expect(entities.filter((entity) => entity.ref === "triage@4c" && entity.kind === "model")).toHaveLength(1);
  const answers = entities.find((entity) => entity.kind === "answers");
  expect(answers?.count).toBe(95);
  expect(edges.filter((edge) => edge.to === answers?.id).map((edge) => edge.from)).toEqual([
    "deployment tuned",
    "deployment other",
  ]);
});

test("in compact mode the rows are merged into one card with their count", () => {
  const { entities } = toLineageGraph(answer, false, true);
  expect(entities.some((entity) => entity.kind === "row")).toBe(false);
  expect(entities.find((entity) => entity.kind === "rows")).toMatchObject({ count: 463, isComplete: true });
});

test("answers of a model without deployments are connected to the model", () => {
  const forwards = node("model", "m@1", [], { detail: { answers: 3 } });
  expect(toLineageGraph({ ref: "m@1", backwards: null, forwards }).edges).toEqual([
    { from: "model m@1", to: "answers m@1" },
  ]);
});

test("the provenance path ends at the training dataset", () => {
  expect(provenancePath(answer).map((step) => step.kind)).toEqual(["answer", "deployment", "model", "run", "dataset"]);
  expect(findNearest(answer.backwards, "annotator")).toBeNull();
});

test("every entity has a location if it has a page", () => {
  expect(entityLocation("model", "triage@4c")).toEqual({ to: "/registry/triage", search: { version: "triage@4c" } });
  expect(entityLocation("run", "a/b")?.to).toBe("/training/runs/a%2Fb");
  expect(entityLocation("answer", "s1")).toEqual({ to: "/traces", search: { span: "s1" } });
  expect(entityLocation("file", "x")).toBeNull();
});

test("without details, ancestors are merged into one card and a row names its source", () => {
  const oldest = node("dataset", "t@1");
  const newest = node("dataset", "t@3", [
    node("row", "row:aa", [node("file", "a.jsonl#1")]),
    node("dataset", "t@2", [oldest]),
  ]);
  const { entities, edges } = toLineageGraph({ ref: "t@3", backwards: newest, forwards: null });
  expect(entities.map((entity) => entity.kind).sort()).toEqual(["dataset", "earlier", "row"]);
  expect(entities.find((entity) => entity.kind === "earlier")).toMatchObject({ count: 2, ref: "t@2" });
  expect(entities.find((entity) => entity.kind === "row")?.detail.from).toBe("a.jsonl#1");
  expect(edges).toHaveLength(2);
  expect(toLineageGraph({ ref: "t@3", backwards: newest, forwards: null }, true).entities).toHaveLength(5);
});

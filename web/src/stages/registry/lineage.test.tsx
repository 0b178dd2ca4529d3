import type { S } from "@/api/client";
import { placeOf } from "@/components/things";
import { descent, nearest, pictureOf } from "./lineage";

const node = (kind: S["Node"]["kind"], ref: string, children: S["Node"][] = [], rest: Partial<S["Node"]> = {}) =>
  ({ kind, ref, title: "", detail: {}, children, more: 0, ...rest }) as S["Node"];

const rows = node("dataset", "tickets@d8", [node("row", "row:aa", [node("file", "tickets.jsonl#1")])], { more: 462 });
const model = node("model", "triage@4c", [node("run", "r1"), rows, node("model", "base@c0")]);
const answer = { of: "s1", backwards: node("answer", "s1", [node("deployment", "tuned", [model])]), forwards: null };

test("what a model was made from goes through its run", () => {
  const { edges } = pictureOf(answer, true);
  const lines = edges.map((edge) => `${edge.from} > ${edge.to}`);
  expect(lines).toContain("dataset tickets@d8 > run r1");
  expect(lines).toContain("model base@c0 > run r1");
  expect(lines).toContain("run r1 > model triage@4c");
  expect(lines).not.toContain("dataset tickets@d8 > model triage@4c");
  expect(lines).toContain("deployment tuned > answer s1");
  expect(lines).toContain("file tickets.jsonl#1 > row row:aa");
});

test("rows that are not shown are counted", () => {
  const more = pictureOf(answer).things.find((thing) => thing.kind === "rows");
  expect(more).toMatchObject({ count: 462, place: { to: "/data/tickets", search: { version: "tickets@d8" } } });
});

test("both ways make one picture, each thing once", () => {
  const forwards = node("model", "triage@4c", [node("deployment", "tuned"), node("deployment", "other")], {
    detail: { answers: 95 },
  });
  const { things, edges } = pictureOf({ of: "triage@4c", backwards: model, forwards });
  expect(things.filter((thing) => thing.ref === "triage@4c" && thing.kind === "model")).toHaveLength(1);
  const answers = things.find((thing) => thing.kind === "answers");
  expect(answers?.count).toBe(95);
  expect(edges.filter((edge) => edge.to === answers?.id).map((edge) => edge.from)).toEqual([
    "deployment tuned",
    "deployment other",
  ]);
});

test("on a narrow screen the rows are one card with their count", () => {
  const { things } = pictureOf(answer, false, true);
  expect(things.some((thing) => thing.kind === "row")).toBe(false);
  expect(things.find((thing) => thing.kind === "rows")).toMatchObject({ count: 463, few: true });
});

test("a model that was never served shows its answers at itself", () => {
  const forwards = node("model", "m@1", [], { detail: { answers: 3 } });
  expect(pictureOf({ of: "m@1", backwards: null, forwards }).edges).toEqual([{ from: "model m@1", to: "answers m@1" }]);
});

test("the way down from an answer ends at the dataset that taught it", () => {
  expect(descent(answer).map((one) => one.kind)).toEqual(["answer", "deployment", "model", "run", "dataset"]);
  expect(nearest(answer.backwards, "annotator")).toBeNull();
});

test("every thing opens at its own page", () => {
  expect(placeOf("model", "triage@4c")).toEqual({ to: "/registry/triage", search: { version: "triage@4c" } });
  expect(placeOf("run", "a/b")?.to).toBe("/training/runs/a%2Fb");
  expect(placeOf("answer", "s1")).toEqual({ to: "/traces", search: { span: "s1" } });
  expect(placeOf("file", "x")).toBeNull();
});

test("without every step, older versions are one card and a row names its source", () => {
  const old = node("dataset", "t@1");
  const newest = node("dataset", "t@3", [
    node("row", "row:aa", [node("file", "a.jsonl#1")]),
    node("dataset", "t@2", [old]),
  ]);
  const { things, edges } = pictureOf({ of: "t@3", backwards: newest, forwards: null });
  expect(things.map((thing) => thing.kind).sort()).toEqual(["dataset", "earlier", "row"]);
  expect(things.find((thing) => thing.kind === "earlier")).toMatchObject({ count: 2, ref: "t@2" });
  expect(things.find((thing) => thing.kind === "row")?.detail.from).toBe("a.jsonl#1");
  expect(edges).toHaveLength(2);
  expect(pictureOf({ of: "t@3", backwards: newest, forwards: null }, true).things).toHaveLength(5);
});

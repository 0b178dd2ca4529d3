import type { Schema } from "@/api/client";
import { formats } from "@/app/i18n/format";
import { autoLayout, containerAt, freeBox, groupBoxes, placeNodes } from "../canvas/layout";
import { nearestNode, toEdges, toNodes } from "../canvas/view";
import { addKind, moveNodes, neighbour, tidy } from "../editor/actions";
import { INPUTS, OUTPUTS, toGraph } from "../model/graph";
import { diffLines, mergeVersions } from "../versions/picture";
import { applyEvents, NOT_LIVE, needsReload, pathNode, runMarks } from "./model";
import type { RunStep } from "./queries";
import { replayChanges } from "./replay";

const GRAPH = toGraph({
  inputs: { x: {} },
  outputs: { y: "{{ c.text }}" },
  steps: {
    a: { kind: "template", text: "{{ inputs.x }}" },
    b: { kind: "branch", branches: { yes: "{{ a.text }}" } },
    c: { kind: "template", text: "{{ a.text }}", after: ["b.yes"] },
    loop: { kind: "loop", steps: { d: { kind: "template", text: "{{ c.text }}" } } },
  },
  groups: [{ name: "G", steps: ["a", "b"] }],
  notes: [{ text: "n", position: [5, 6] }],
});
const step = (path: string, state: string, ms: number | null): RunStep =>
  ({
    path,
    state,
    started_at: "2026-01-01T00:00:00Z",
    ended_at: ms === null ? null : new Date(Date.parse("2026-01-01T00:00:00Z") + ms).toISOString(),
  }) as RunStep;

describe("live progress", () => {
  it("follows the events", () => {
    const live = applyEvents(NOT_LIVE, [
      { event: "step_started", path: "a", attempt: 1 },
      { event: "delta", path: "a", text: "he" },
      { event: "delta", path: "a", text: "y" },
      { event: "step_waiting", path: "b" },
    ]);
    expect([...live.states]).toEqual([
      ["a", "running"],
      ["b", "waiting"],
    ]);
    expect(live.texts.get("a")).toBe("hey");
    const retried = applyEvents(live, [{ event: "step_started", path: "a", attempt: 2 }, { event: "run_ended" }]);
    expect(retried.texts.has("a")).toBe(false);
    expect(retried.ended).toBe(true);
    expect(needsReload([{ event: "delta" }])).toBe(false);
  });

  it("joins the executions of nested steps", () => {
    expect(pathNode("loop[2].d")).toBe("loop.d");
    const steps = [step("a", "succeeded", 5), step("loop[0].d", "succeeded", 2), step("loop[1].d", "failed", 3)];
    const live = applyEvents(NOT_LIVE, [{ event: "step_started", path: "b" }]);
    const marks = runMarks(GRAPH, { state: "running" }, steps, live, formats("en"));
    expect(marks.get("a")).toEqual({ state: "succeeded", detail: "5 ms" });
    expect(marks.get("b")).toEqual({ state: "running", detail: "" });
    expect(marks.get("loop.d")).toEqual({ state: "failed", detail: "2× 5 ms" });
    expect(runMarks(GRAPH, { state: "cancelled" }, [], live, formats("en")).get("b")?.state).toBe("cancelled");
  });
});

describe("replay", () => {
  it("sends only the settings that changed", () => {
    const input = { change: "settings" as const, step: "a", settings: { text: "new" }, value: "", limit: 1 };
    expect(replayChanges(GRAPH, input)).toEqual({ settings: { "a.text": "new" } });
    expect(replayChanges(GRAPH, { ...input, change: "again" })).toEqual({ settings: { "a.title": "a (2)" } });
    expect(replayChanges(GRAPH, { ...input, change: "model", value: "m" })).toEqual({ models: { a: "m" } });
  });
});

describe("layout", () => {
  it("places each node once, from left to right, and containers around their steps", () => {
    const boxes = placeNodes(GRAPH);
    expect([...boxes.keys()].sort()).toEqual([INPUTS, OUTPUTS, "a", "b", "c", "loop", "loop.d"].sort());
    const x = (id: string) => boxes.get(id)?.x ?? 0;
    expect(x(INPUTS)).toBeLessThan(x("a"));
    expect(x("b")).toBeLessThan(x("c"));
    expect(boxes.get("loop")?.height).toBeGreaterThan(boxes.get("loop.d")?.height ?? 0);
    expect([...groupBoxes(GRAPH, boxes).keys()]).toEqual(["G"]);
    const loop = boxes.get("loop");
    expect(containerAt(GRAPH, boxes, [(loop?.x ?? 0) + 5, (loop?.y ?? 0) + 5])).toBe("loop");
    expect(containerAt(GRAPH, boxes, [-500, -500])).toBeNull();
    expect(autoLayout(tidy(GRAPH))).toEqual(autoLayout(GRAPH));
  });

  it("adds steps without covering others, and keeps the place of the others", () => {
    const before = placeNodes(GRAPH);
    const { graph, select } = addKind(GRAPH, "template", null, { id: "a" });
    const after = placeNodes(graph);
    expect(after.get("b")).toEqual(before.get("b"));
    expect(graph.edges.at(-1)).toEqual({ reference: "a", to: select?.[0] });
    const box = { x: 0, y: 0, width: 10, height: 10 };
    expect(freeBox(box, new Map([["o", box]])).y).toBeGreaterThan(10);
    expect(moveNodes(GRAPH, new Map([["note:0", [9, 9]]])).top.notes).toEqual([{ text: "n", position: [9, 9] }]);
    expect(neighbour(GRAPH, new Set(["c"]))).toBe("b");
  });

  it("reuses the nodes that did not change", () => {
    const boxes = placeNodes(GRAPH);
    const options = { label: () => "", terminals: { inputs: "I", outputs: "O" } };
    const first = toNodes(GRAPH, boxes, options);
    const known = new Map(first.map((node) => [node.id, node]));
    const second = toNodes(GRAPH, boxes, { ...options, marks: new Map([["a", { state: "running" }]]) }, known);
    expect(second.filter((node) => !first.includes(node)).map((node) => node.id)).toEqual(["a"]);
    expect(toEdges(GRAPH).map((edge) => edge.id)).toContain("after:b.yes>c");
  });

  it("finds the next node in a direction", () => {
    const at = (id: string, x: number, y: number) => ({ id, x, y, width: 10, height: 10 });
    const nodes = [at("a", 0, 0), at("b", 100, 0), at("c", 100, 90), at("d", 0, 100)];
    expect(nearestNode(nodes, "a", "ArrowRight")).toBe("b");
    expect(nearestNode(nodes, "a", "ArrowDown")).toBe("d");
    expect(nearestNode(nodes, "a", "ArrowLeft")).toBeNull();
  });
});

describe("picture of a difference", () => {
  it("shows removed steps and edges beside the added ones", () => {
    const older = { steps: { a: { kind: "template" }, old: { kind: "template", text: "{{ a.text }}" } } };
    const newer = { steps: { a: { kind: "template", text: "x" }, new: { kind: "template", text: "{{ a.text }}" } } };
    const diff = {
      fields: [],
      steps: [
        { step: "a", kind: "changed" },
        { step: "old", kind: "removed" },
        { step: "new", kind: "added" },
      ],
      edges: [
        { source: "a", target: "old", port: null, kind: "removed" },
        { source: "a", target: "new", port: null, kind: "added" },
      ],
    } as unknown as Schema["PipelineDiff"];
    const { graph, marks, edgeMarks } = mergeVersions(older, newer, diff);
    expect(graph.steps.map((one) => one.id)).toEqual(["a", "new", "old"]);
    expect(marks.get("old")).toEqual({ change: "removed" });
    expect(edgeMarks.get("data:a>old")).toEqual({ change: "removed" });
    expect(edgeMarks.get("data:a>new")).toEqual({ change: "added" });
    expect(diffLines("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n").map((line) => line.kind)).toEqual([
      "place",
      "removed",
      "added",
      "equal",
    ]);
  });
});

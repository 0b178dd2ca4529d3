import { describe, expect, it } from "vitest";
import { edgesCutByMove, moveInto, moveTargets } from "./containers";
import { edgeReferences, removeDataEdge } from "./dataEdges";
import type { Definition } from "./definition";
import { INPUTS, OUTPUTS, toDefinition, toGraph } from "./graph";

const DEFINITION: Definition = {
  outputs: { all: "{{ each.results }}", first: "{{ find.text }}" },
  steps: {
    find: { kind: "template", text: "{{ inputs.a }} and {{ inputs.b | upper }}" },
    shout: { kind: "template", text: "{% if find.text %}{{ find.text }}!{% endif %}", after: ["find"] },
    each: {
      kind: "map",
      over: ["x"],
      output: "{{ shout.text }}",
      steps: { shout: { kind: "template", text: "{{ item }} {{ find.text }}" } },
    },
  },
  layout: { find: [0, 0], shout: [300, 0], each: [0, 200] },
  groups: [{ name: "Both", steps: ["find", "shout"] }],
};
const graph = () => toGraph(DEFINITION);

describe("moving steps between containers", () => {
  it("chooses a free name, drops edges to another level, and leaves the group", () => {
    const moved = moveInto(graph(), ["shout"], "each", new Map([["shout", [10, 20]]]));
    expect(moved.ids).toEqual(["each.shout_2"]);
    const after = toDefinition(moved.graph);
    expect(Object.keys(after.steps)).toEqual(["find", "each"]);
    expect(after.steps.each?.steps).toMatchObject({ shout_2: { kind: "template" } });
    expect(after.steps.each).not.toHaveProperty("steps.shout_2.after");
    expect(after.layout).toEqual({ find: [0, 0], each: [0, 200], "each.shout_2": [10, 20] });
    expect(after.groups).toEqual([{ name: "Both", steps: ["find"] }]);
  });

  it("moves a step out, and refuses a container in itself", () => {
    const { graph: after, ids } = moveInto(graph(), ["each.shout"], null);
    expect(ids).toEqual(["shout_2"]);
    expect(toDefinition(after).steps.each?.steps).toEqual({});
    expect(toDefinition(after).steps.each?.output).toBe("{{ shout_2.text }}");
    expect(moveInto(graph(), ["each"], "each").ids).toEqual([]);
    expect(moveTargets(graph(), ["find"])).toEqual(["each"]);
    expect(moveTargets(graph(), ["each.shout"])).toEqual([null]);
    expect(moveTargets(graph(), ["each"])).toEqual([]);
  });
});

describe("control edges of moved steps", () => {
  const chain = () =>
    toGraph({
      steps: {
        start: { kind: "template", text: "a" },
        choose: { kind: "branch", branches: { yes: "true" }, after: ["start"] },
        end: { kind: "template", text: "b", after: ["choose.yes"] },
        each: { kind: "map", over: ["x"], output: "", steps: { end: { kind: "template", text: "c" } } },
      },
    });

  it("keeps the edges between steps that move together, also if one is renamed", () => {
    const moved = moveInto(chain(), ["choose", "end"], "each");
    expect(moved.ids).toEqual(["each.choose", "each.end_2"]);
    expect(moved.graph.edges).toEqual([{ reference: "choose.yes", to: "each.end_2" }]);
    expect(moveInto(moved.graph, moved.ids, null).graph.edges).toEqual([{ reference: "choose.yes", to: "end_2" }]);
  });

  it("names the edges to steps that stay", () => {
    expect(edgesCutByMove(chain(), ["choose", "end"], "each")).toEqual([{ reference: "start", to: "choose" }]);
    expect(edgesCutByMove(chain(), ["choose"], "each")).toEqual([
      { reference: "start", to: "choose" },
      { reference: "choose.yes", to: "end" },
    ]);
    expect(edgesCutByMove(chain(), ["choose"], null)).toEqual([]);
  });
});

describe("removing data edges", () => {
  it("removes the expressions of the step, also in nested steps", () => {
    expect(edgeReferences(graph(), "find", "each").map(({ id, after }) => [id, after])).toEqual([
      ["each.shout", "{{ item }} "],
    ]);
    const after = toDefinition(removeDataEdge(graph(), "find", "each"));
    expect(after.steps.each?.steps).toEqual({ shout: { kind: "template", text: "{{ item }} " } });
    expect(after.steps.shout).toEqual(DEFINITION.steps.shout);
    expect(toDefinition(removeDataEdge(graph(), INPUTS, "find")).steps.find?.text).toBe(" and ");
  });

  it("removes outputs that become empty", () => {
    expect(toDefinition(removeDataEdge(graph(), "find", OUTPUTS)).outputs).toEqual({ all: "{{ each.results }}" });
  });

  it("refuses references in statements", () => {
    expect(edgeReferences(graph(), "find", "shout")[0]?.after).toBeNull();
    const same = graph();
    expect(removeDataEdge(same, "find", "shout")).toBe(same);
  });
});

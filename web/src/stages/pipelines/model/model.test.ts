import fc from "fast-check";
import { parse } from "yaml";
import { copySteps, pasteSteps, readSteps } from "./clipboard";
import type { Definition, StepFields } from "./definition";
import { addStep, connect, disconnect, groupSteps, moveSteps, removeSteps, renameStep, setField } from "./edits";
import { dataEdges, edgeSource, INPUTS, OUTPUTS, toDefinition, toGraph } from "./graph";
import { reduceHistory, startHistory } from "./history";
import { patchText, readText, writeText } from "./yaml";

const EXAMPLE = `# Answers from the handbook
description: Answers questions about the handbook
inputs:
  question: {type: string} # asked by the user
outputs:
  answer: "{{ answer.text }}"
steps:
  # Passages first
  find: {kind: retrieve, base: handbook, question: "{{ inputs.question }}", limit: 5}
  answer:
    kind: prompt
    model: support # the small one
    messages: [{role: user, content: "{{ inputs.question }}\\n\\n{{ find.text }}"}]
    new_field: {kept: yes please}
  refine:
    kind: loop
    after: [answer]
    steps:
      check: {kind: python, code: "len(state)"}
      fix: {kind: template, template: "{{ check.result }} {{ answer.text }}", after: [check.error]}
notes: [{text: Ask the team, position: [0, -80]}]
groups: [{name: Retrieval, steps: [find]}]
layout: {find: [0, 0], answer: [240, 0]}
`;

const read = (text: string): Definition => {
  const result = readText(text);
  if (result.problem) throw new Error(result.problem.message);
  return result.definition;
};
const example = () => toGraph(read(EXAMPLE));

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/).filter((text) => !["steps", "kind", "after"].includes(text));
const leaf = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    "yes",
    "null",
    "1",
    "1e3",
    "#x",
    "a: b",
    "{{ find.text }}",
    "line\nline",
    " x ",
    "- a",
    "0x1f",
    "2026-01-01",
    "~",
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
    .map((value) => (Object.is(value, -0) ? 0 : value)),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3 }),
  ),
})).value;
const { steps } = fc.letrec<{ step: StepFields; steps: Record<string, StepFields> }>((tie) => ({
  step: fc
    .tuple(
      fc.record(
        {
          kind: fc.constantFrom("prompt", "retrieve", "loop", "branch"),
          after: fc.oneof(fc.array(name, { maxLength: 3 }), name, fc.constant("")),
          steps: tie("steps"),
          extra: value,
        },
        { requiredKeys: ["kind"] },
      ),
      fc.dictionary(name, value, { maxKeys: 3 }),
    )
    .map(([known, other]) => ({ ...other, ...known }) as StepFields),
  steps: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant({}),
    fc.dictionary(name, tie("step"), { maxKeys: 3 }),
  ),
}));
const definition = fc
  .tuple(fc.dictionary(name, value, { maxKeys: 4 }), steps, fc.boolean())
  .map(([other, all, first]) => (first ? { steps: all, ...other } : { ...other, steps: all }) as Definition);

describe("the two forms of a pipeline", () => {
  it("loses nothing from YAML to the canvas and back", () => {
    fc.assert(
      fc.property(definition, (original) => {
        const text = writeText(original);
        const back = patchText(text, toDefinition(toGraph(read(text))));
        expect(back).toBe(text);
        expect(JSON.stringify(parse(back))).toBe(JSON.stringify(original));
      }),
      { numRuns: 200, interruptAfterTimeLimit: 2_000 },
    );
  }, 30_000);

  it("reads as the target after any change", () => {
    fc.assert(
      fc.property(definition, definition, (before, after) => {
        const text = patchText(writeText(before), after);
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(after));
        expect(JSON.stringify(read(text))).toBe(JSON.stringify(after));
      }),
      { numRuns: 200, interruptAfterTimeLimit: 2_000 },
    );
  }, 30_000);

  it("keeps comments, style and unknown fields of what an edit does not touch", () => {
    expect(patchText(EXAMPLE, toDefinition(example()))).toBe(EXAMPLE);
    const text = patchText(EXAMPLE, toDefinition(setField(example(), "find", "limit", 8)));
    expect(text).toBe(EXAMPLE.replace("limit: 5", "limit: 8"));
    const renamed = patchText(EXAMPLE, toDefinition(renameStep(example(), "answer", "reply")));
    expect(renamed).toContain("model: support # the small one");
    expect(renamed).toContain("# Passages first");
    expect(renamed).not.toMatch(/answer\.text|after: \[answer\]|answer: \[240/);
    expect(renamed).toContain('answer: "{{ reply.text }}"');
    expect(Object.keys(read(renamed).steps)).toEqual(["find", "reply", "refine"]);
  });

  it("keeps an anchor that aliases use", () => {
    const text = "steps:\n  a: &base {kind: prompt, model: x}\n  b: *base\n";
    const changed = patchText(text, toDefinition(setField(toGraph(read(text)), "a", "model", "y")));
    expect(read(changed).steps).toEqual({ a: { kind: "prompt", model: "y" }, b: { kind: "prompt", model: "x" } });
  });

  it("reports the line of an error", () => {
    expect(readText("steps:\n  a: {kind: prompt\n").problem).toMatchObject({ kind: "yaml", line: expect.any(Number) });
    expect(readText("- a").problem?.kind).toBe("definition");
    expect(readText("steps: {a: 1}").problem?.kind).toBe("steps");
    expect(readText("").problem?.kind).toBe("definition");
  });
});

describe("edges", () => {
  it("follow references and the field `after`, also in nested steps", () => {
    const graph = example();
    expect(dataEdges(graph)).toEqual([
      { from: INPUTS, to: "find", outputs: ["question"], fields: ["question"] },
      { from: INPUTS, to: "answer", outputs: ["question"], fields: ["messages"] },
      { from: "find", to: "answer", outputs: ["text"], fields: ["messages"] },
      { from: "refine.check", to: "refine.fix", outputs: ["result"], fields: ["template"] },
      { from: "answer", to: "refine", outputs: ["text"], fields: ["template"] },
      { from: "answer", to: OUTPUTS, outputs: ["text"], fields: ["outputs"] },
    ]);
    expect(graph.edges.map(edgeSource)).toEqual([
      { from: "answer", port: undefined },
      { from: "refine.check", port: "error" },
    ]);
  });

  it("can be added and removed, within one container only", () => {
    const graph = connect(example(), "find", "refine", "error");
    expect(toDefinition(graph).steps.refine?.after).toEqual(["answer", "find.error"]);
    expect(connect(graph, "find", "refine.check")).toBe(graph);
    expect(connect(graph, "find", "find")).toBe(graph);
    const without = disconnect(disconnect(graph, { reference: "answer", to: "refine" }), {
      reference: "find.error",
      to: "refine",
    });
    expect(toDefinition(without).steps.refine).not.toHaveProperty("after");
  });
});

describe("edits", () => {
  it("remove a container with everything that belongs to it", () => {
    const grouped = groupSteps(moveSteps(example(), new Map([["refine.check", [1, 2]]])), ["refine", "answer"], "Work");
    const after = toDefinition(removeSteps(grouped, new Set(["refine", "find"])));
    expect(Object.keys(after.steps)).toEqual(["answer"]);
    expect(after.layout).toEqual({ answer: [240, 0] });
    expect(after.groups).toEqual([{ name: "Work", steps: ["answer"] }]);
  });

  it("choose free names", () => {
    const { graph, id } = addStep(example(), { kind: "retrieve" }, { name: "find", position: [1.4, 2] });
    expect(id).toBe("find_2");
    expect(graph.top.layout).toMatchObject({ find_2: [1, 2] });
    expect(addStep(graph, { kind: "prompt" }, { name: "inputs" }).id).toBe("inputs_2");
  });

  it("rename the references of a nested step only in its container", () => {
    const after = toDefinition(renameStep(example(), "refine.check", "test"));
    expect(after.steps.refine?.steps).toEqual({
      test: { kind: "python", code: "len(state)" },
      fix: { kind: "template", template: "{{ test.result }} {{ answer.text }}", after: ["test.error"] },
    });
  });
});

describe("clipboard", () => {
  it("pastes into another pipeline with free names and their references", () => {
    const text = copySteps(example(), new Set(["find", "answer"]));
    const pasted = pasteSteps(example(), readSteps(text) as Definition, { position: [100, 100] });
    expect(pasted.ids).toEqual(["find_2", "answer_2"]);
    const { steps: all, layout } = toDefinition(pasted.graph);
    expect(JSON.stringify(all.answer_2)).toContain("{{ find_2.text }}");
    expect(layout).toMatchObject({ find_2: [100, 100], answer_2: [340, 100] });
  });

  it("copies nested steps out of their container, and into another", () => {
    const text = copySteps(example(), new Set(["refine.check", "refine.fix"]));
    const { graph } = pasteSteps(example(), readSteps(text) as Definition, { parent: "refine" });
    expect(Object.keys(toDefinition(graph).steps.refine?.steps as object)).toEqual([
      "check",
      "fix",
      "check_2",
      "fix_2",
    ]);
    expect(graph.edges.at(-1)).toEqual({ reference: "check_2.error", to: "refine.fix_2" });
  });

  it("ignores texts without steps", () => {
    for (const text of ["", "hello", "a: 1", "https://example.com", "steps: []"]) expect(readSteps(text)).toBeNull();
    expect(readSteps("find: {kind: retrieve}")?.steps).toEqual({ find: { kind: "retrieve" } });
  });
});

describe("history", () => {
  it("undoes and redoes edits, and merges quick edits of one field", () => {
    let history = startHistory("a");
    history = reduceHistory(history, { type: "edit", text: "b", key: "x", at: 0 });
    history = reduceHistory(history, { type: "edit", text: "c", key: "x", at: 500 });
    history = reduceHistory(history, { type: "edit", text: "d", key: "y", at: 600 });
    expect(history.past).toEqual(["a", "c"]);
    history = reduceHistory(reduceHistory(history, { type: "undo" }), { type: "undo" });
    expect(history.text).toBe("a");
    expect(reduceHistory(history, { type: "undo" })).toBe(history);
    history = reduceHistory(history, { type: "redo" });
    expect(history).toMatchObject({ text: "c", past: ["a"], future: ["d"] });
    expect(reduceHistory(history, { type: "edit", text: "e" }).future).toEqual([]);
  });
});

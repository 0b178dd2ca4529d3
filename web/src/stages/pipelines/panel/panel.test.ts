import { toGraph } from "../model/graph";
import { fromText, stepFields, toText } from "./fields";
import { insertReference, openReference, suggestReferences } from "./suggestions";

const TEMPLATE = { type: "string", pattern: "\\{[{%]" };
const SCHEMA = {
  $defs: {
    step_retrieve: {
      properties: {
        kind: { const: "retrieve" },
        title: { type: "string" },
        retries: { type: "integer", minimum: 0, maximum: 20 },
        base: { type: "string", description: "Name" },
        question: { type: "string" },
        limit: { anyOf: [{ type: "integer" }, TEMPLATE], default: 5 },
        filters: { anyOf: [{ type: "object", additionalProperties: true }, { type: "string" }, { type: "null" }] },
        mode: { $ref: "#/$defs/Mode" },
        names: { type: "array", items: { type: "string" } },
        stream: { anyOf: [{ type: "boolean" }, TEMPLATE], default: true },
        any: {},
      },
      required: ["base", "question"],
    },
    Mode: { type: "string", enum: ["a", "b"] },
  },
  properties: { steps: { additionalProperties: { oneOf: [{ $ref: "#/$defs/step" }] } } },
};

describe("fields from the schema", () => {
  it("have the form that fits their types", () => {
    const fields = stepFields(SCHEMA, "retrieve");
    expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
      ["base", "text", true],
      ["question", "longText", true],
      ["limit", "value", false],
      ["filters", "map", false],
      ["mode", "choice", false],
      ["names", "list", false],
      ["stream", "boolean", false],
      ["any", "value", false],
    ]);
    expect(fields[0]).toMatchObject({ description: "Name", suggested: "bases" });
    expect(stepFields(SCHEMA, "retrieve", true)).toMatchObject([{ name: "retries", kind: "number", min: 0, max: 20 }]);
    expect(stepFields(SCHEMA, "unknown")).toEqual([]);
  });

  it("read what they write", () => {
    for (const value of [
      "hello",
      "{{ a.b }}",
      "{{ a.b }}: {{ c }}",
      5,
      true,
      "5",
      "true",
      ["a"],
      { a: 1 },
      { a: "{{ b.c }}" },
      "a: b",
      "- x",
      "null",
    ])
      expect(fromText(toText(value))).toEqual(value);
    expect(toText(5)).toBe("5");
    expect(fromText("")).toBeUndefined();
    expect(() => fromText("[1, ")).toThrow();
  });
});

describe("references", () => {
  const graph = toGraph({
    inputs: { question: { type: "string" } },
    steps: {
      find: { kind: "retrieve", question: "{{ inputs.question }}" },
      answer: { kind: "prompt", messages: [{ content: "{{ find.text }}" }] },
      refine: {
        kind: "loop",
        state: { draft: "{{ answer.text }}" },
        steps: { check: { kind: "http" }, fix: { kind: "template", text: "{{ check.body }}" } },
      },
      last: { kind: "template", text: "{{ refine.state }}" },
    },
  });
  const texts = (id: string | null) => suggestReferences(graph, id).map((one) => one.text);

  it("are those that make no cycle", () => {
    expect(texts("find")).toEqual(["inputs.question"]);
    expect(texts("answer")).toContain("find.text");
    expect(texts("answer")).not.toContain("last.text");
    expect(texts(null)).toContain("last.text");
  });

  it("include the values of a container and the steps around it", () => {
    expect(texts("refine.fix")).toEqual(expect.arrayContaining(["state.draft", "index", "check.body", "answer.text"]));
    expect(texts("refine.check")).not.toContain("fix.text");
    expect(texts("refine")).toEqual(expect.arrayContaining(["fix.text", "answer.text"]));
  });

  it("are completed within braces", () => {
    expect(openReference("a {{ fi", 7)).toEqual({ start: 5, typed: "fi" });
    expect(openReference("a {{ fi }} b", 12)).toBeNull();
    expect(insertReference("a {{ fi", 7, "find.text")).toEqual({ text: "a {{ find.text }}", cursor: 17 });
    expect(insertReference("a {{ fi }}", 7, "find.text")).toEqual({ text: "a {{ find.text }}", cursor: 14 });
    expect(insertReference("{{", 2, "x.y").text).toBe("{{ x.y }}");
    expect(insertReference("ab", 1, "x.y").text).toBe("a{{ x.y }}b");
  });
});

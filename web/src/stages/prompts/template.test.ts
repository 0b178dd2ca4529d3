import { expect, test } from "vitest";
import { readPromptSearch } from "./search";
import {
  emptyMessage,
  fillDraft,
  findVariables,
  isSimple,
  parseValues,
  syncVariables,
  type Template,
  toDraft,
  toTemplate,
} from "./template";

const template = {
  description: "Answers tickets",
  variables: {
    ticket: { type: "string", description: "text of the ticket", maxLength: 20000 },
    tone: { type: "string", enum: ["formal", "friendly"], default: "formal" },
    count: { type: "integer", default: 3 },
    empty: { type: "string", default: "" },
    either: { type: ["string", "null"] },
  },
  messages: [
    { role: "system", content: "Answer in a {{ tone }} tone." },
    { placeholder: "history" },
    { role: "user", content: [{ type: "text", text: "{{ ticket }}" }] },
    { role: "assistant", content: "", name: "bot" },
  ],
  tools: [{ type: "function" }],
  output_schema: { type: "object" },
  model: "support",
  settings: { temperature: 0 },
} as unknown as Template;

test("a template survives the editor unchanged", () => {
  const { template: back, errors } = toTemplate(toDraft(template));
  expect(back).toEqual(template);
  expect(errors).toEqual({});
});

test("variables are found while typing, without filters, loop variables, attributes and text", () => {
  expect(findVariables("Hello {{ name }}, {{ order.id | upper }} {{ 'a b' }} {{ x if y else z }}")).toEqual([
    "name",
    "order",
    "x",
    "y",
    "z",
  ]);
  expect(findVariables("{% for item in items %}{{ item.text }} {{ loop.index }}{% endfor %}")).toEqual(["items"]);
  expect(findVariables("{% if note is defined and not old %}x{% endif %} { a } {{")).toEqual(["note", "old"]);
});

test("new variables are added and unused ones without settings are dropped", () => {
  const draft = toDraft({ ...template, variables: {}, messages: [{ role: "user", content: "{{ a }}" }] } as Template);
  const first = syncVariables(draft);
  expect(first.variables.map(({ name, type }) => [name, type])).toEqual([["a", "string"]]);
  const changed = syncVariables({ ...first, messages: [{ ...emptyMessage("user"), text: "{{ b }}" } as never] });
  expect(changed.variables.map(({ name }) => name)).toEqual(["b"]);
  const described = { ...first, variables: [{ ...first.variables[0], description: "x" } as never], messages: [] };
  expect(syncVariables(described).variables.map(({ name }) => name)).toEqual(["a"]);
});

test("invalid JSON is named by its field", () => {
  const draft = { ...toDraft(template), tools: "{}", settings: "[", outputSchema: "" };
  expect(toTemplate(draft).errors).toEqual({ tools: "array", settings: "object" });
});

test("a simple draft is filled in without the server", () => {
  const draft = toDraft({
    ...template,
    variables: { a: { type: "string" }, b: { type: "integer", default: 2 } },
    messages: [{ role: "user", content: "{{ a }} and {{b}}" }],
  } as Template);
  expect(isSimple(draft)).toBe(true);
  expect(fillDraft(draft, parseValues(draft.variables, { a: "one", b: "" }))).toEqual([
    { role: "user", content: "one and 2" },
  ]);
  expect(isSimple({ ...draft, messages: [{ ...emptyMessage("user"), text: "{{ a | upper }}" } as never] })).toBe(false);
});

test("unknown search parameters are dropped", () => {
  expect(readPromptSearch({ tab: "x", version: 3, branch: "" })).toEqual({
    tab: undefined,
    version: "3",
    old: undefined,
    new: undefined,
    branch: undefined,
  });
});

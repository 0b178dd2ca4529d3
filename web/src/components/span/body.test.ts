import { expect, test } from "vitest";
import { classifyBody, correctableText, isJson } from "./body";

test("messages of requests and responses are classified as chat", () => {
  const request = { model: "triage", messages: [{ role: "user", content: "hi" }], temperature: 0 };
  expect(classifyBody(request)).toEqual({ kind: "chat", messages: [{ role: "user", content: "hi" }] });
  const response = { choices: [{ message: { role: "assistant", content: "hello" } }] };
  expect(classifyBody(response)).toEqual({ kind: "chat", messages: [{ role: "assistant", content: "hello" }] });
});

test("embeddings are summarized by count and dimensions", () => {
  const output = { model: "m", data: [{ embedding: [1, 2, 3] }, { embedding: [4, 5, 6] }] };
  expect(classifyBody(output)).toEqual({ kind: "vectors", count: 2, dimensions: 3, model: "m" });
  expect(classifyBody({ model: "m", data: [{ embedding: "base64" }] })).toMatchObject({ dimensions: null });
});

test("text, empty bodies and other JSON are classified", () => {
  expect(classifyBody("a question")).toEqual({ kind: "text", text: "a question" });
  expect(classifyBody(null)).toEqual({ kind: "none" });
  expect(classifyBody("  ")).toEqual({ kind: "none" });
  expect(classifyBody([{ path: "a.md" }])).toEqual({ kind: "json", value: [{ path: "a.md" }] });
  expect(classifyBody({ messages: [] }).kind).toBe("json");
});

test("the correctable text is found in every response format", () => {
  expect(correctableText("plain")).toBe("plain");
  expect(correctableText({ choices: [{ message: { role: "assistant", content: '{"a":1}' } }] })).toBe('{"a":1}');
  expect(correctableText({ answered: true, text: "said", citations: [] })).toBe("said");
  expect(correctableText(null)).toBe("");
});

test("only objects and arrays count as JSON", () => {
  expect(isJson('{"a": 1}')).toBe(true);
  expect(isJson("12")).toBe(false);
  expect(isJson("{")).toBe(false);
});

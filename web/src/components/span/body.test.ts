import { expect, test } from "vitest";
import { answerText, bodyOf, isJson } from "./body";

test("a request's messages and an answer's message are conversations", () => {
  const asked = { model: "triage", messages: [{ role: "user", content: "hi" }], temperature: 0 };
  expect(bodyOf(asked)).toEqual({ kind: "chat", messages: [{ role: "user", content: "hi" }] });
  const answered = { choices: [{ message: { role: "assistant", content: "hello" } }] };
  expect(bodyOf(answered)).toEqual({ kind: "chat", messages: [{ role: "assistant", content: "hello" }] });
});

test("embeddings are counted, not listed", () => {
  const output = { model: "m", data: [{ embedding: [1, 2, 3] }, { embedding: [4, 5, 6] }] };
  expect(bodyOf(output)).toEqual({ kind: "vectors", count: 2, dimensions: 3, model: "m" });
  expect(bodyOf({ model: "m", data: [{ embedding: "base64" }] })).toMatchObject({ dimensions: null });
});

test("text, nothing and any other JSON keep what they are", () => {
  expect(bodyOf("a question")).toEqual({ kind: "text", text: "a question" });
  expect(bodyOf(null)).toEqual({ kind: "none" });
  expect(bodyOf("  ")).toEqual({ kind: "none" });
  expect(bodyOf([{ path: "a.md" }])).toEqual({ kind: "json", value: [{ path: "a.md" }] });
  expect(bodyOf({ messages: [] }).kind).toBe("json");
});

test("the text to correct is found in every form of answer", () => {
  expect(answerText("plain")).toBe("plain");
  expect(answerText({ choices: [{ message: { role: "assistant", content: '{"a":1}' } }] })).toBe('{"a":1}');
  expect(answerText({ answered: true, text: "said", citations: [] })).toBe("said");
  expect(answerText(null)).toBe("");
});

test("only objects and lists count as JSON", () => {
  expect(isJson('{"a": 1}')).toBe(true);
  expect(isJson("12")).toBe(false);
  expect(isJson("{")).toBe(false);
});

import { type ChatEnd, readChunk } from "@/api/chat";
import type { S } from "@/api/client";
import { freeName, offered, parityOf, settled } from "./deployment";

test("a parity check is read in each of its shapes", () => {
  expect(parityOf(null)).toEqual({ kind: "none" });
  expect(parityOf({ skipped: "a base model" })).toEqual({ kind: "skipped", reason: "a base model" });
  const checked = parityOf({
    equal: false,
    positions: 252,
    conversations: 6,
    precision: "fp32",
    tolerance: 0.001,
    largest_difference: 0.4,
    reason: "conversation 0, position 3",
  });
  expect(checked).toMatchObject({ kind: "checked", equal: false, largest: 0.4, positions: 252, at: null });
});

test("a deployment is settled when nothing will change by itself", () => {
  expect((["ready", "failed", "stopped"] as const).every((state) => settled({ state }))).toBe(true);
  expect((["pending", "checking", "starting"] as const).some((state) => settled({ state }))).toBe(false);
});

test("a new deployment gets a name that is free and allowed", () => {
  expect(freeName("triage:prod", [])).toBe("triage");
  expect(freeName("triage@4cf33f033a1e", ["triage", "triage-2"])).toBe("triage-3");
  expect(freeName("My Model@1", [])).toBe("my-model");
});

test("the form offers aliases first, then the newest version", () => {
  const model = { name: "triage", newest: { hash: "4cf33f033a1e7175" }, aliases: { prod: "triage@4cf33f033a1e" } };
  expect(offered([model as unknown as S["Model"]])[0]?.items.map((item) => item.value)).toEqual([
    "triage:prod",
    "triage@4cf33f033a1e",
  ]);
});

test("the chunks of a streamed answer give its text and its end", () => {
  const end: ChatEnd = { span: null, finish: null };
  expect(readChunk('{"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}', end)).toBe("Hi");
  expect(readChunk('{"choices":[{"delta":{},"finish_reason":"stop"}]}', end)).toBe("");
  expect(readChunk('{"choices":[],"usage":{"prompt_tokens":31,"completion_tokens":8}}', end)).toBe("");
  expect(readChunk("[DONE]", end)).toBe("");
  expect(end).toEqual({ span: null, finish: "stop", input: 31, output: 8 });
  expect(() => readChunk('{"error":{"message":"the engine broke off"}}', end)).toThrow("the engine broke off");
});

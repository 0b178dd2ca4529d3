import { type ChatResult, readChunk } from "@/api/chat";
import type { Schema } from "@/api/client";
import { formatPrice, isStable, modelOptions, parseCost, parseParity, unusedName } from "./deployment";

test("every form of a parity check is parsed", () => {
  expect(parseParity(null)).toEqual({ kind: "none" });
  expect(parseParity({ skipped: "a base model" })).toEqual({ kind: "skipped", reason: "a base model" });
  const parity = parseParity({
    equal: false,
    positions: 252,
    conversations: 6,
    precision: "fp32",
    tolerance: 0.001,
    largest_difference: 0.4,
    reason: "conversation 0, position 3",
  });
  expect(parity).toMatchObject({ kind: "checked", equal: false, largest: 0.4, positions: 252, at: null });
});

test("the cost of quantization and the scores are part of the parity check", () => {
  expect(parseCost(null)).toEqual({ quantization: null, scores: null });
  const scores = { splits: [] };
  expect(parseCost({ equal: true, quantization: { same_choice: 1 }, scores })).toEqual({
    quantization: { same_choice: 1 },
    scores,
  });
  expect(formatPrice({ input: 0.0512345, output: 1.5 })).toBe("$0.0512 / $1.50");
  expect(formatPrice({ input: null, output: null })).toBe("? / ?");
});

test("ready, failed and stopped deployments are stable", () => {
  expect((["ready", "failed", "stopped"] as const).every((state) => isStable({ state }))).toBe(true);
  expect((["pending", "checking", "starting"] as const).some((state) => isStable({ state }))).toBe(false);
});

test("a new deployment gets an unused valid name", () => {
  expect(unusedName("triage:prod", [])).toBe("triage");
  expect(unusedName("triage@4cf33f033a1e", ["triage", "triage-2"])).toBe("triage-3");
  expect(unusedName("My Model@1", [])).toBe("my-model");
});

test("the options are aliases first, then the newest version", () => {
  const model = { name: "triage", newest: { hash: "4cf33f033a1e7175" }, aliases: { prod: "triage@4cf33f033a1e" } };
  expect(modelOptions([model as unknown as Schema["RegisteredModel"]])[0]?.items.map((item) => item.value)).toEqual([
    "triage:prod",
    "triage@4cf33f033a1e",
  ]);
});

test("chunks of a stream provide text, finish reason and usage", () => {
  const result: ChatResult = { span: null, finish: null };
  expect(readChunk('{"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}', result)).toBe("Hi");
  expect(readChunk('{"choices":[{"delta":{},"finish_reason":"stop"}]}', result)).toBe("");
  expect(readChunk('{"choices":[],"usage":{"prompt_tokens":31,"completion_tokens":8}}', result)).toBe("");
  expect(readChunk("[DONE]", result)).toBe("");
  expect(result).toEqual({ span: null, finish: "stop", input: 31, output: 8 });
  expect(() => readChunk('{"error":{"message":"the engine broke off"}}', result)).toThrow("the engine broke off");
});

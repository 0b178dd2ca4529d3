import { expect, test } from "vitest";
import { chunkerFault, chunkerInput, chunkerSettings, estimateTotal } from "./chunker";

test("the form begins with the chunker of the live index", () => {
  expect(chunkerInput({ kind: "tokens", tokens: 128, overlap: 0 })).toEqual({
    kind: "tokens",
    tokens: 128,
    overlap: 0,
    parent_tokens: 1024,
    window: 2,
  });
  expect(chunkerInput({ kind: "characters" }).kind).toBe("structure");
});

test("rules of the server are checked in the form", () => {
  const input = chunkerInput(undefined);
  expect(chunkerFault(input)).toBeNull();
  expect(chunkerFault({ ...input, tokens: 8 })).toBe("tokens");
  expect(chunkerFault({ ...input, tokens: "" })).toBe("tokens");
  expect(chunkerFault({ ...input, overlap: 129 })).toBe("overlap");
  expect(chunkerFault({ ...input, kind: "parents", parent_tokens: 200 })).toBe("parent_tokens");
  expect(chunkerFault({ ...input, tokens: 2048, parent_tokens: 200 })).toBeNull();
  expect(chunkerSettings({ ...input, tokens: 2048 }).parent_tokens).toBe(2048);
});

test("the cost of all documents is estimated from that of one", () => {
  expect(estimateTotal(0.002, 100, 5000)).toBeCloseTo(0.1);
  expect(estimateTotal(null, 100, 5000)).toBeNull();
  expect(estimateTotal(0.002, 0, 5000)).toBeNull();
});

import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { answerParts, applyEvent, newExchange, splitAtCitations } from "./answer";

const check = (start: number, end: number, status: "supported" | "unsupported" = "supported") =>
  ({ start, end, status, text: "", number: 1 }) as Schema["SentenceCheck"];
const citation = (answer_start: number, answer_end: number, number: number) =>
  ({ answer_start, answer_end, number }) as Schema["Citation"];

test("an answer is split at its citations", () => {
  expect(splitAtCitations("Once a week [1], see [12].")).toEqual(["Once a week ", 1, ", see ", 12, "."]);
  expect(splitAtCitations("No source [x]")).toEqual(["No source [x]"]);
});

test("each sentence has its check and its citations, by code points", () => {
  const parts = answerParts({
    text: "😀 Yes [1]. No [2].",
    sentences: [check(11, 18, "unsupported"), check(0, 10)],
    citations: [citation(0, 10, 1), citation(11, 18, 2)],
  });
  expect(parts.map((part) => [part.text, part.check?.status, part.citations.map((one) => one.number)])).toEqual([
    ["😀 Yes [1].", "supported", [1]],
    [" ", undefined, []],
    ["No [2].", "unsupported", [2]],
  ]);
});

test("an answer without checks is one part", () => {
  expect(answerParts({ text: "Hello", sentences: [], citations: [] })).toEqual([
    { text: "Hello", start: 0, check: undefined, citations: [] },
  ]);
});

test("the verified answer replaces the draft, and an error keeps it", () => {
  const streamed = ["Once ", "a week"].reduce(
    (exchange, text) => applyEvent(exchange, { event: "delta", text }),
    newExchange("How often?"),
  );
  expect(streamed.draft).toBe("Once a week");
  const answer = { text: "Once a week [1].", passages: [] } as unknown as Schema["RagAnswer"];
  expect(applyEvent(streamed, { event: "done", answer }).answer?.text).toBe("Once a week [1].");
  const failed = applyEvent(streamed, { event: "error", code: "busy", status: 503, message: "busy" });
  expect(failed.draft).toBe("Once a week");
  expect(failed.error).toMatchObject({ status: 503, title: "busy" });
});

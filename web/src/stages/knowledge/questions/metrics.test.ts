import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { mainMetric, parseCutoffs, questionContent, questionInput, tableMetrics, toggleSelection } from "./metrics";

type Evaluation = Schema["KnowledgeEvaluation"];
const evaluation = (id: string, question_set_hash = "set") => ({ id, question_set_hash }) as Evaluation;

test("a table shows each family of metrics at its largest cutoff up to 10", () => {
  const names = ["recall@1", "recall@10", "recall@100", "ndcg@1", "ndcg@5", "mrr", "retrieval_ms"];
  expect(tableMetrics(names)).toEqual(["recall@10", "ndcg@5", "mrr"]);
  expect(tableMetrics(["recall@50"])).toEqual(["recall@50"]);
  expect(mainMetric(names)).toBe("ndcg@5");
  expect(mainMetric(["faithfulness"])).toBe("faithfulness");
  expect(mainMetric([])).toBeUndefined();
});

test("cutoffs are distinct numbers from 1 to 100", () => {
  expect(parseCutoffs("10, 1 5,5")).toEqual([1, 5, 10]);
  expect(parseCutoffs("0, 5")).toBeNull();
  expect(parseCutoffs("ten")).toBeNull();
  expect(parseCutoffs("")).toBeNull();
});

test("two evaluations of one question set can be selected", () => {
  const [a, b, c] = [evaluation("a"), evaluation("b"), evaluation("c")];
  const ids = (selected: Evaluation[]) => selected.map((one) => one.id);
  expect(ids(toggleSelection([a as Evaluation], b as Evaluation))).toEqual(["a", "b"]);
  expect(ids(toggleSelection([a, b] as Evaluation[], c as Evaluation))).toEqual(["b", "c"]);
  expect(ids(toggleSelection([a, b] as Evaluation[], a as Evaluation))).toEqual(["b"]);
  expect(ids(toggleSelection([a as Evaluation], evaluation("d", "other")))).toEqual(["d"]);
});

test("a question that is not answerable has no passages and no answer", () => {
  const input = {
    ...questionInput(),
    question: " Who? ",
    passages: [{ path: " a.md ", quote: "", relevance: 1 }],
    answer: "x",
  };
  expect(questionContent(input)).toEqual({
    question: "Who?",
    passages: [{ path: "a.md", quote: "", relevance: 1 }],
    answer: "x",
    answerable: true,
  });
  expect(questionContent({ ...input, answerable: false })).toMatchObject({ passages: [], answer: null });
});

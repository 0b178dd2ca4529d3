import { exactMatchBeforeAndAfter, scoreRows } from "./report";

const report = {
  base: {
    zero_shot: { id: "a", name: "a", scores: { exact_match: 0, chrf: 10 } },
    few_shot: { id: "b", name: "b", scores: { exact_match: 0.1, chrf: 20 } },
  },
  tuned: { id: "c", name: "c", scores: { exact_match: 0.9, chrf: 90, "json_fields.b": 1, "json_fields.a": 0.5 } },
};

test("the better baseline is used for comparison", () => {
  expect(exactMatchBeforeAndAfter(report)).toEqual([0.1, 0.9]);
  expect(exactMatchBeforeAndAfter({})).toEqual([null, null]);
});

test("important scores come first, then fields, and missing values stay undefined", () => {
  expect(scoreRows(report).map((row) => row.name)).toEqual(["exact_match", "chrf", "json_fields.a", "json_fields.b"]);
  expect(scoreRows(report)[2]?.values).toEqual([undefined, undefined, 0.5]);
});

import { beforeAndAfter, rowsOf } from "./report";

const report = {
  base: {
    zero_shot: { id: "a", name: "a", scores: { exact_match: 0, chrf: 10 } },
    few_shot: { id: "b", name: "b", scores: { exact_match: 0.1, chrf: 20 } },
  },
  tuned: { id: "c", name: "c", scores: { exact_match: 0.9, chrf: 90, "json_fields.b": 1, "json_fields.a": 0.5 } },
};

test("the better baseline counts as before", () => {
  expect(beforeAndAfter(report)).toEqual([0.1, 0.9]);
  expect(beforeAndAfter({})).toEqual([null, null]);
});

test("scores that say most come first, then the fields; what is missing stays missing", () => {
  expect(rowsOf(report).map((row) => row.name)).toEqual(["exact_match", "chrf", "json_fields.a", "json_fields.b"]);
  expect(rowsOf(report)[2]?.values).toEqual([undefined, undefined, 0.5]);
});

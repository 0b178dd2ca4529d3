import { expect, test } from "vitest";
import { neighbourId, readReviewSearch } from "./search";

test("steps through a list without leaving it", () => {
  expect(neighbourId(["a", "b", "c"], "a", 1)).toBe("b");
  expect(neighbourId(["a", "b", "c"], "c", 1)).toBe("c");
  expect(neighbourId(["a", "b", "c"], "a", -1)).toBe("a");
  expect(neighbourId(["a", "b"], "gone", 1)).toBe("a");
  expect(neighbourId([], "a", 1)).toBeUndefined();
});

test("reads only known statuses", () => {
  expect(readReviewSearch({ status: "done", item: "x" })).toEqual({ status: "done", monitor: undefined, item: "x" });
  expect(readReviewSearch({ status: "bad", monitor: 3 })).toEqual({});
});

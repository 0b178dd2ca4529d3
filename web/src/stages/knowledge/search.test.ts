import { baseSearch, cut } from "./search";

test("an answer is cut at its citations", () => {
  expect(cut("Once a week [1], see [12].")).toEqual(["Once a week ", 1, ", see ", 12, "."]);
  expect(cut("No source [x]")).toEqual(["No source [x]"]);
});

test("an unknown tab is none", () => {
  expect(baseSearch({ tab: "elsewhere" }).tab).toBeUndefined();
  expect(baseSearch({ tab: "ask", q: "" })).toMatchObject({ tab: "ask", q: undefined });
});

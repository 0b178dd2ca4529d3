import { headingPath, readBaseSearch, splitAtCitations } from "./search";

test("an answer is split at its citations", () => {
  expect(splitAtCitations("Once a week [1], see [12].")).toEqual(["Once a week ", 1, ", see ", 12, "."]);
  expect(splitAtCitations("No source [x]")).toEqual(["No source [x]"]);
});

test("an unknown tab is dropped", () => {
  expect(readBaseSearch({ tab: "elsewhere" }).tab).toBeUndefined();
  expect(readBaseSearch({ tab: "ask", q: "" })).toMatchObject({ tab: "ask", q: undefined });
});

test("the heading path contains the document title once", () => {
  expect(headingPath("Payouts", "Payouts > When")).toBe("Payouts › When");
  expect(headingPath("Delivery | Handbook", "Delivery > Times > Express")).toBe(
    "Delivery | Handbook › Times › Express",
  );
  expect(headingPath("Payouts", "When > Weekends")).toBe("Payouts › When › Weekends");
  expect(headingPath("Payouts", "")).toBe("Payouts");
});

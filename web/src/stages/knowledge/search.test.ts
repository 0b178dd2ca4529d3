import { baseSearch, cut, trail } from "./search";

test("an answer is cut at its citations", () => {
  expect(cut("Once a week [1], see [12].")).toEqual(["Once a week ", 1, ", see ", 12, "."]);
  expect(cut("No source [x]")).toEqual(["No source [x]"]);
});

test("an unknown tab is none", () => {
  expect(baseSearch({ tab: "elsewhere" }).tab).toBeUndefined();
  expect(baseSearch({ tab: "ask", q: "" })).toMatchObject({ tab: "ask", q: undefined });
});

test("the place of a passage names its document once", () => {
  expect(trail("Payouts", "Payouts > When")).toBe("Payouts › When");
  expect(trail("Delivery | Handbook", "Delivery > Times > Express")).toBe("Delivery | Handbook › Times › Express");
  expect(trail("Payouts", "When > Weekends")).toBe("Payouts › When › Weekends");
  expect(trail("Payouts", "")).toBe("Payouts");
});

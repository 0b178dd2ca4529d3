import { describe, expect, it } from "vitest";
import { axisPercent } from "./CalibrationPanel";
import { valueOfKey } from "./LabelPage";

describe("labels", () => {
  it("maps keys to equidistant values, 1 for the worst", () => {
    expect(["1", "2"].map((key) => valueOfKey(key, 2))).toEqual([0, 1]);
    expect(["1", "2", "3"].map((key) => valueOfKey(key, 3))).toEqual([0, 0.5, 1]);
    expect(["0", "4", "x", ""].map((key) => valueOfKey(key, 3))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("keeps intervals within their axis", () => {
    expect(axisPercent(0.5, 0, 1)).toBe(50);
    expect(axisPercent(-2, -1, 1)).toBe(0);
    expect(axisPercent(2, -1, 1)).toBe(100);
  });
});

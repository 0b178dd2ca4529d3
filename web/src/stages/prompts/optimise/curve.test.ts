import type { Schema } from "@/api/client";
import { bestSoFar } from "./curve";

const candidate = (number: number, score: number, calls: number, cost: number | null, complete = true) =>
  ({ number, score, calls, cost, complete, rows: 1, examples: 0, instructions: "" }) as Schema["CandidateScore"];

describe("bestSoFar", () => {
  it("shows the best score of complete candidates over the cost", () => {
    const found = [candidate(0, 0.2, 4, 2_000_000), candidate(2, 0.5, 12, 6_000_000), candidate(1, 0.1, 8, 4_000_000)];
    expect(bestSoFar([...found, candidate(3, 1, 13, 7_000_000, false)])).toEqual({
      hasCost: true,
      x: [2, 4, 6],
      best: [0.2, 0.2, 0.5],
    });
  });
  it("uses the calls if a cost is unknown or zero", () => {
    expect(bestSoFar([candidate(0, 0.2, 4, null), candidate(1, 0.1, 8, 10)])).toEqual({
      hasCost: false,
      x: [4, 8],
      best: [0.2, 0.2],
    });
    expect(bestSoFar([])).toEqual({ hasCost: false, x: [], best: [] });
  });
});

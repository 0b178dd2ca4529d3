import { describe, expect, it } from "vitest";
import { en } from "@/app/i18n/en";
import { describeChanges, endedRuns } from "./changes";

const names = en.pipelineAutomation.replays.changed;

describe("replays", () => {
  it("list their changes by kind", () => {
    const changes = { version: "3", settings: { "a.text": "x", "a.limit": 2 }, models: { b: "small" } };
    expect(describeChanges(changes as never, names)).toEqual([
      ["Version", "3"],
      ["Settings", "a.text = x; a.limit = 2"],
      ["Models", "b = small"],
    ]);
    expect(describeChanges({} as never, names)).toEqual([]);
  });

  it("count the runs that have ended", () => {
    expect(endedRuns({ pending: 3, running: 1, succeeded: 4, failed: 1, skipped: 2 })).toBe(7);
    expect(endedRuns({})).toBe(0);
  });
});

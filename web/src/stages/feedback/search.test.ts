import { expect, test } from "vitest";
import { previewParams, readHarvestSearch, readInboxSearch } from "./search";

test("the inbox keeps known filters", () => {
  expect(readInboxSearch({ kind: "correction", source: "nobody", harvested: false, name: 5, other: 1 })).toEqual({
    kind: "correction",
    harvested: false,
    name: "5",
  });
});

test("harvest parameters are parsed and a minimum value outside 0 to 1 is dropped", () => {
  expect(readHarvestSearch({ dataset: "tickets", min_value: 0, pairs: true, exclude_splits: ["test", 3] })).toEqual({
    dataset: "tickets",
    min_value: 0,
    pairs: true,
    exclude_splits: ["test"],
  });
  expect(readHarvestSearch({ min_value: 7, since: "never" })).toEqual({});
});

test("the preview parameters exclude the target dataset", () => {
  const search = { dataset: "tickets", exclude_splits: ["test"], min_value: 0.5, since: "2026-01-01T00:00:00Z" };
  expect(previewParams(search)).toEqual({ min_value: 0.5, since: "2026-01-01T00:00:00.000Z" });
});

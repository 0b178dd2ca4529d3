import { expect, test } from "vitest";
import { lookOf, readHarvest, readInbox } from "./search";

test("the inbox keeps the filters that it knows", () => {
  expect(readInbox({ kind: "correction", source: "nobody", harvested: false, name: 5, other: 1 })).toEqual({
    kind: "correction",
    harvested: false,
    name: "5",
  });
});

test("a harvest keeps its form, and a share outside 0 to 1 is none", () => {
  expect(readHarvest({ dataset: "tickets", min_value: 0, pairs: true, away_from: ["test", 3] })).toEqual({
    dataset: "tickets",
    min_value: 0,
    pairs: true,
    away_from: ["test"],
  });
  expect(readHarvest({ min_value: 7, since: "never" })).toEqual({});
});

test("a preview depends on what is taken, not on where it goes", () => {
  const wanted = { dataset: "tickets", away_from: ["test"], min_value: 0.5, since: "2026-01-01T00:00:00Z" };
  expect(lookOf(wanted)).toEqual({ min_value: 0.5, since: "2026-01-01T00:00:00.000Z" });
});

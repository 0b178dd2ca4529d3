import { expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { type Source, sourceAddress, sourceErrors, sourceInput, sourceSettings } from "./sourceForm";

test("only the settings of the kind are sent, and empty ones are left out", () => {
  const values = { ...sourceInput(), kind: "bucket" as const, url: " s3://docs/a ", max_files: "50", endpoint: " " };
  expect(sourceSettings(values)).toEqual({ url: "s3://docs/a", max_files: 50, include: [], exclude: [] });
  expect(sourceSettings({ ...sourceInput(), kind: "notion" })).toEqual({ pages: [], max_pages: 20_000 });
  expect(sourceSettings({ ...sourceInput(), kind: "notion_export" })).toEqual({});
});

test("a stored source fills the form", () => {
  const source = {
    name: "site",
    kind: "crawl",
    settings: { url: "https://example.com", max_depth: 1 },
    every_hours: 6,
  } as unknown as Source;
  expect(sourceInput(source)).toMatchObject({ url: "https://example.com", max_depth: 1, every: "6", scope: "prefix" });
  expect(sourceAddress(source)).toBe("https://example.com");
});

test("errors of the server are shown at their fields", () => {
  const invalid = new ApiError(
    422,
    "invalid settings of a source of kind 'crawl': url: Field required; max_depth: too big",
  );
  expect(sourceErrors(invalid, "crawl")).toEqual({ url: "Field required", max_depth: "too big" });
  const refused = new ApiError(403, "the address 10.0.0.1 of the URL is private", "allow it");
  expect(sourceErrors(refused, "page")).toEqual({ url: "the address 10.0.0.1 of the URL is private. allow it" });
  const schedule = new ApiError(422, "invalid request", undefined, undefined, [
    { path: "every_hours", message: "low" },
  ]);
  expect(sourceErrors(schedule, "page")).toEqual({ every: "low" });
  expect(sourceErrors(new Error("x"), "page")).toEqual({});
});

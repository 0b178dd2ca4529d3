import { expect, test } from "vitest";
import { filtersOf, liveUrl, readSearch, toQuery } from "./search";

test("a URL gives its filters, and nothing that has no sense", () => {
  const given = {
    text: "late",
    status: "broken",
    kind: "chat",
    min_duration_ms: "-4",
    has: "score",
    span: "x",
    other: 1,
  };
  expect(readSearch(given)).toEqual({ text: "late", kind: "chat", has: "score", span: "x" });
  expect(readSearch({ session: 12, min_duration_ms: 250, live: true })).toEqual({
    session: "12",
    min_duration_ms: 250,
    live: true,
  });
});

test("a range is counted back from now, an own one is taken as it is", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(toQuery({ range: "24h", kind: "chat" }, now)).toEqual({ kind: "chat", since: "2026-01-01T00:00:00.000Z" });
  const own = filtersOf(readSearch({ since: "2026-01-01T10:00:00Z", until: "nonsense" }));
  expect(own.range).toBe("custom");
  expect(toQuery(own)).toEqual({ since: "2026-01-01T10:00:00.000Z" });
});

test("what the stream cannot follow is not followed", () => {
  expect(liveUrl({ live: true, text: "a b", span: "x" })).toBe("/api/v1/traces/spans/events?text=a+b");
  expect(liveUrl({ live: true, has: "score" })).toBeNull();
  expect(liveUrl({ text: "a" })).toBeNull();
});

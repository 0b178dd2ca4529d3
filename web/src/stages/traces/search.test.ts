import { expect, test } from "vitest";
import { listFilters, liveUrl, readSearch, toQuery } from "./search";

test("search parameters are parsed and invalid values are dropped", () => {
  const search = {
    text: "late",
    status: "broken",
    kind: "chat",
    min_duration_ms: "-4",
    has: "score",
    span: "x",
    other: 1,
  };
  expect(readSearch(search)).toEqual({ text: "late", kind: "chat", has: "score", span: "x" });
  expect(readSearch({ session: 12, min_duration_ms: 250, live: true })).toEqual({
    session: "12",
    min_duration_ms: 250,
    live: true,
  });
});

test("relative ranges are counted back from now, custom ranges are unchanged", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(toQuery({ range: "24h", kind: "chat" }, now)).toEqual({ kind: "chat", since: "2026-01-01T00:00:00.000Z" });
  const custom = listFilters(readSearch({ since: "2026-01-01T10:00:00Z", until: "nonsense" }));
  expect(custom.range).toBe("custom");
  expect(toQuery(custom)).toEqual({ since: "2026-01-01T10:00:00.000Z" });
});

test("filters that the stream does not support return no URL", () => {
  expect(liveUrl({ live: true, text: "a b", span: "x" })).toBe("/api/v1/traces/spans/events?text=a+b");
  expect(liveUrl({ live: true, has: "score" })).toBeNull();
  expect(liveUrl({ text: "a" })).toBeNull();
});

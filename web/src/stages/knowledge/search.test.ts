import { expect, test } from "vitest";
import { splitIntoBatches } from "./documents/upload";
import { countBusy, searchRequest } from "./queries";
import { headingPath, parseFilter, readBaseSearch, readDocumentSearch } from "./search";

test("unknown and invalid search parameters are dropped", () => {
  expect(readBaseSearch({ tab: "elsewhere", state: "lost", limit: "900" })).toEqual({});
  expect(readBaseSearch({ tab: "ask", q: "", limit: "20", diversity: 0.5 })).toEqual({
    tab: "ask",
    limit: 20,
    diversity: 0.5,
  });
  expect(readBaseSearch({ filter: { type: "eq" } }).filter).toBe('{"type":"eq"}');
});

test("a passage needs both ends", () => {
  expect(readDocumentSearch({ start: "5", end: 9 })).toEqual({ start: 5, end: 9 });
  expect(readDocumentSearch({ start: 9, end: 5 })).toEqual({});
  expect(readDocumentSearch({ start: 9 })).toEqual({});
});

test("the heading path contains the document title once", () => {
  expect(headingPath("Payouts", "Payouts > When")).toBe("Payouts › When");
  expect(headingPath("Delivery | Handbook", "Delivery > Times > Express")).toBe(
    "Delivery | Handbook › Times › Express",
  );
  expect(headingPath("Payouts", "When > Weekends")).toBe("Payouts › When › Weekends");
  expect(headingPath("Payouts", "")).toBe("Payouts");
});

test("a filter is a JSON object", () => {
  expect(parseFilter(" ")).toBeUndefined();
  expect(parseFilter('{"type":"eq"}')).toEqual({ type: "eq" });
  expect(parseFilter("[1]")).toBeNull();
  expect(parseFilter("{")).toBeNull();
});

test("a search sends only the settings that are set", () => {
  expect(searchRequest({ q: "x", rerank: "jina", filter: '{"type":"eq"}' })).toEqual({
    question: "x",
    limit: 10,
    index: undefined,
    filters: { type: "eq" },
    settings: { rerank: "jina" },
  });
});

test("files are uploaded in batches of bounded number and size, in order", () => {
  const files = [5, 5, 1, 20, 1].map((size) => ({ size }));
  expect(splitIntoBatches(files, 2, 12).map((batch) => batch.map((file) => file.size))).toEqual([
    [5, 5],
    [1],
    [20],
    [1],
  ]);
  expect(splitIntoBatches([])).toEqual([]);
});

test("documents that are loaded are counted", () => {
  expect(countBusy({ ready: 5, failed: 1, pending: 2, loading: 1, indexing: 1 })).toBe(4);
});

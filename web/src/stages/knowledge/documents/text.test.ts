import { expect, test } from "vitest";
import { markRange, newHeadings, sectionWindow, tableRows } from "./text";

const section = (heading: string, start = 0, end = 10) =>
  ({ heading, start, end, level: 1, kind: "text", text: "" }) as Parameters<typeof newHeadings>[0];

test("a range is marked by code points, also after characters of two UTF-16 units", () => {
  expect(markRange("a😀bcd", 100, { start: 102, end: 104 })).toEqual([
    { text: "a😀", start: 100, marked: false },
    { text: "bc", start: 102, marked: true },
    { text: "d", start: 104, marked: false },
  ]);
  expect(markRange("abc", 10, { start: 13, end: 20 })).toEqual([{ text: "abc", start: 10, marked: false }]);
  expect(markRange("abc", 10, { start: 0, end: 99 })).toEqual([{ text: "abc", start: 10, marked: true }]);
});

test("cells of a table keep their offsets", () => {
  expect(tableRows("a | bc\nd | e", 5)).toEqual([
    [
      { text: "a", start: 5 },
      { text: "bc", start: 9 },
    ],
    [
      { text: "d", start: 12 },
      { text: "e", start: 16 },
    ],
  ]);
});

test("only sections around the passage are shown", () => {
  const sections = Array.from({ length: 10 }, (_, index) => section("", index * 10, index * 10 + 9));
  expect(sectionWindow(sections, { start: 71, end: 75 }, 4)).toEqual([5, 9]);
  expect(sectionWindow(sections, { start: 95, end: 99 }, 4)).toEqual([6, 10]);
  expect(sectionWindow(sections, undefined, 4)).toEqual([0, 4]);
});

test("a heading is shown where it begins", () => {
  expect(newHeadings(section("A > B"), undefined)).toEqual([
    { text: "A", level: 1 },
    { text: "B", level: 2 },
  ]);
  expect(newHeadings(section("A > C"), section("A > B"))).toEqual([{ text: "C", level: 2 }]);
  expect(newHeadings(section("A > B"), section("A > B"))).toEqual([]);
  expect(newHeadings(section("A"), section("A > B"))).toEqual([{ text: "A", level: 1 }]);
});

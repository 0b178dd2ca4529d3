import type { Schema } from "@/api/client";

type Section = Schema["TextSection"];
export type Range = { start: number; end: number };
/** Piece of a text. `start` is its offset in the text of the document. */
export type Piece = { text: string; start: number; marked: boolean };

/** Sections that are shown at once. */
export const WINDOW = 300;

/**
 * Split the text of a section at the ends of a range. Offsets count Unicode code points, as those of the server do, and
 * not the UTF-16 units of JavaScript.
 */
export function markRange(text: string, offset: number, range: Range | undefined): Piece[] {
  const points = Array.from(text);
  const from = Math.max(0, Math.min(points.length, (range?.start ?? 0) - offset));
  const to = Math.max(0, Math.min(points.length, (range?.end ?? 0) - offset));
  if (!range || from >= to) return [{ text, start: offset, marked: false }];
  const pieces = [
    { text: points.slice(0, from).join(""), start: offset, marked: false },
    { text: points.slice(from, to).join(""), start: offset + from, marked: true },
    { text: points.slice(to).join(""), start: offset + to, marked: false },
  ];
  return pieces.filter((piece) => piece.text !== "");
}

/** Return the rows of a table whose cells are separated by " | ", each cell with its offset in the document. */
export function tableRows(text: string, offset: number): { text: string; start: number }[][] {
  let start = offset;
  return text.split("\n").map((line) => {
    let cellStart = start;
    start += Array.from(line).length + 1;
    return line.split(" | ").map((cell) => {
      const placed = { text: cell, start: cellStart };
      cellStart += Array.from(cell).length + 3;
      return placed;
    });
  });
}

/** Return whether a range and a section have text in common. */
export const overlaps = (section: Range, range: Range | undefined) =>
  range !== undefined && range.start < section.end && range.end > section.start;

/** Return the first and last section to show: those around the range, or the first ones. */
export function sectionWindow(sections: Section[], range: Range | undefined, size = WINDOW): [number, number] {
  const marked = range ? sections.findIndex((section) => overlaps(section, range)) : -1;
  const first = Math.max(0, Math.min(marked - Math.floor(size / 2), sections.length - size));
  return [first, Math.min(sections.length, first + size)];
}

/** Return the headings that begin at a section: the parts of its path that differ from the section before. */
export function newHeadings(section: Section, previous: Section | undefined): { text: string; level: number }[] {
  if (!section.heading || section.heading === previous?.heading) return [];
  const before = (previous?.heading ?? "").split(" > ");
  const path = section.heading.split(" > ");
  const common = path.findIndex((part, index) => part !== before[index]);
  const first = common < 0 ? path.length - 1 : common;
  return path.slice(first).map((text, index) => ({ text, level: first + index + 1 }));
}

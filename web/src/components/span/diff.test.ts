import { expect, test } from "vitest";
import { diffWords } from "./diff";

const side = (pieces: ReturnType<typeof diffWords>, without: "gone" | "new") =>
  pieces
    .filter((piece) => piece.kind !== without)
    .map((piece) => piece.text)
    .join("");

test("equal texts have one piece, empty ones none", () => {
  expect(diffWords("same text", "same text")).toEqual([{ kind: "same", text: "same text" }]);
  expect(diffWords("", "")).toEqual([]);
});

test("a changed word stands alone", () => {
  expect(diffWords('{"urgency":"low"}', '{"urgency":"high"}')).toEqual([
    { kind: "same", text: '{"urgency":"' },
    { kind: "gone", text: "low" },
    { kind: "new", text: "high" },
    { kind: "same", text: '"}' },
  ]);
});

test("both texts can be put together again", () => {
  const before = "The till puts the wrong tax on drinks, I checked again.\nThanks";
  const after = "The tills put wrong taxes on hot drinks; I checked.\n\nThanks a lot";
  const pieces = diffWords(before, after);
  expect(side(pieces, "new")).toBe(before);
  expect(side(pieces, "gone")).toBe(after);
});

test("Vietnamese words with their marks stay whole", () => {
  expect(diffWords("câu trả lời đúng", "câu trả lời sai").filter((piece) => piece.kind !== "same")).toEqual([
    { kind: "gone", text: "đúng" },
    { kind: "new", text: "sai" },
  ]);
});

test("two long and different texts do not take for ever", () => {
  const long = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word}${index}`).join(" ");
  const pieces = diffWords(long("a"), long("b"));
  expect(pieces.map((piece) => piece.kind)).toEqual(["gone", "new"]);
});

test("changes with only a space between them are one change", () => {
  expect(diffWords("it was a very old red bicycle in town", "it was a quite new red bicycle in town")).toEqual([
    { kind: "same", text: "it was a " },
    { kind: "gone", text: "very old" },
    { kind: "new", text: "quite new" },
    { kind: "same", text: " red bicycle in town" },
  ]);
});

test("texts with little in common are replaced as a whole", () => {
  const [before, after] = ["This is a proverb, of the mind.", '{"product": "rota", "urgency": "critical"}'];
  expect(diffWords(before, after)).toEqual([
    { kind: "gone", text: before },
    { kind: "new", text: after },
  ]);
});

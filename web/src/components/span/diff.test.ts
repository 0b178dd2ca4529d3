import { expect, test } from "vitest";
import { diffTexts } from "./diff";

const joinWithout = (parts: ReturnType<typeof diffTexts>, excluded: "removed" | "added") =>
  parts
    .filter((part) => part.kind !== excluded)
    .map((part) => part.text)
    .join("");

test("equal texts have one part, empty texts none", () => {
  expect(diffTexts("same text", "same text")).toEqual([{ kind: "equal", text: "same text" }]);
  expect(diffTexts("", "")).toEqual([]);
});

test("only the changed word is marked", () => {
  expect(diffTexts('{"urgency":"low"}', '{"urgency":"high"}')).toEqual([
    { kind: "equal", text: '{"urgency":"' },
    { kind: "removed", text: "low" },
    { kind: "added", text: "high" },
    { kind: "equal", text: '"}' },
  ]);
});

test("both texts can be restored from the parts", () => {
  const before = "The till puts the wrong tax on drinks, I checked again.\nThanks";
  const after = "The tills put wrong taxes on hot drinks; I checked.\n\nThanks a lot";
  const parts = diffTexts(before, after);
  expect(joinWithout(parts, "added")).toBe(before);
  expect(joinWithout(parts, "removed")).toBe(after);
});

test("Vietnamese words with diacritics are not split", () => {
  expect(diffTexts("câu trả lời đúng", "câu trả lời sai").filter((part) => part.kind !== "equal")).toEqual([
    { kind: "removed", text: "đúng" },
    { kind: "added", text: "sai" },
  ]);
});

test("two long and different texts are replaced as a whole, in bounded time", () => {
  const longText = (prefix: string) => Array.from({ length: 20_000 }, (_, index) => `${prefix}${index}`).join(" ");
  const parts = diffTexts(longText("a"), longText("b"));
  expect(parts.map((part) => part.kind)).toEqual(["removed", "added"]);
});

test("a small change in a long text is found", () => {
  const words = Array.from({ length: 20_000 }, (_, index) => `word${index}`);
  const parts = diffTexts(words.join(" "), words.with(10_000, "other").join(" "));
  expect(parts.slice(1, 3)).toEqual([
    { kind: "removed", text: "word10000" },
    { kind: "added", text: "other" },
  ]);
});

test("an empty text is one addition or removal", () => {
  expect(diffTexts("", "a b")).toEqual([{ kind: "added", text: "a b" }]);
  expect(diffTexts("a b", "")).toEqual([{ kind: "removed", text: "a b" }]);
});

test("changes separated only by a space are merged", () => {
  expect(diffTexts("it was a very old red bicycle in town", "it was a quite new red bicycle in town")).toEqual([
    { kind: "equal", text: "it was a " },
    { kind: "removed", text: "very old" },
    { kind: "added", text: "quite new" },
    { kind: "equal", text: " red bicycle in town" },
  ]);
});

test("texts with little in common are replaced as a whole", () => {
  const [before, after] = ["This is a proverb, of the mind.", '{"product": "rota", "urgency": "critical"}'];
  expect(diffTexts(before, after)).toEqual([
    { kind: "removed", text: before },
    { kind: "added", text: after },
  ]);
});

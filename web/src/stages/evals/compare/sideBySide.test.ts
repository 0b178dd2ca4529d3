import { diffTexts } from "@/components/span/diff";
import { sideParts } from "./SideBySide";

test("each side shows its own changes", () => {
  const parts = diffTexts("the printer is old", "the printer is new");
  expect(sideParts(parts, "a").filter((part) => part.kind !== "equal")).toEqual([{ kind: "removed", text: "old" }]);
  expect(sideParts(parts, "b").filter((part) => part.kind !== "equal")).toEqual([{ kind: "added", text: "new" }]);
});

test("texts that have nothing in common are not marked", () => {
  const parts = diffTexts("yes", "no, never");
  expect(sideParts(parts, "a")).toEqual([{ kind: "equal", text: "yes" }]);
  expect(sideParts(parts, "b")).toEqual([{ kind: "equal", text: "no, never" }]);
});

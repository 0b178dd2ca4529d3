import { diffWordsWithSpace } from "diff";

/** Part of a text diff: common to both texts, removed from the first, or added in the second. */
export type DiffPart = { kind: "equal" | "removed" | "added"; text: string };

/** Maximum number of removed and added words. Texts that differ more are shown as replaced, which bounds the runtime. */
const MAX_EDIT_LENGTH = 2000;
/** Minimum share of common characters. Below it, the text counts as replaced instead of edited. */
const MIN_COMMON_SHARE = 0.3;

/** Return the diff of two texts, word by word. Texts with little in common are replaced as a whole. */
export function diffTexts(before: string, after: string): DiffPart[] {
  const changes = diffWordsWithSpace(before, after, { maxEditLength: MAX_EDIT_LENGTH });
  const parts = changes?.map(
    ({ value, removed, added }): DiffPart => ({ kind: removed ? "removed" : added ? "added" : "equal", text: value }),
  );
  if (!parts || isReplaced(parts, before, after))
    return withoutEmpty([
      { kind: "removed", text: before },
      { kind: "added", text: after },
    ]);
  return mergeChanges(withoutEmpty(parts));
}

const withoutEmpty = (parts: DiffPart[]) => parts.filter((part) => part.text);

/** Return whether two texts have too little in common for a readable diff. Spaces and punctuation do not count. */
function isReplaced(parts: DiffPart[], before: string, after: string): boolean {
  const lengthOf = (text: string) => text.replace(/[\s\p{P}]/gu, "").length;
  const common = parts.reduce((sum, part) => sum + (part.kind === "equal" ? lengthOf(part.text) : 0), 0);
  const longer = Math.max(lengthOf(before), lengthOf(after));
  return before !== "" && after !== "" && longer > 0 && common / longer < MIN_COMMON_SHARE;
}

/** Merge changes that are separated only by whitespace. */
function mergeChanges(parts: DiffPart[]): DiffPart[] {
  const merged: DiffPart[] = [];
  let removed = "";
  let added = "";
  const flush = () => {
    if (removed) merged.push({ kind: "removed", text: removed });
    if (added) merged.push({ kind: "added", text: added });
    removed = added = "";
  };
  parts.forEach((part, index) => {
    const isGap = (removed || added) && index < parts.length - 1 && !part.text.trim();
    if (part.kind === "equal" && !isGap) {
      flush();
      merged.push(part);
      return;
    }
    if (part.kind !== "added") removed += part.text;
    if (part.kind !== "removed") added += part.text;
  });
  flush();
  return merged;
}

/** A stretch of text that both have, that only the first has, or that only the second has. */
export type Piece = { kind: "same" | "gone" | "new"; text: string };

const WORDS = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
/** Above this many cells the middle is shown as replaced: nobody reads a diff of two long texts word by word. */
const MOST = 4_000_000;

/** What differs between two texts, word by word, as few words as possible. */
export function diffWords(before: string, after: string): Piece[] {
  const a = before.match(WORDS) ?? [];
  const b = after.match(WORDS) ?? [];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const pieces: Piece[] = [];
  push(pieces, "same", a.slice(0, start).join(""));
  middle(a.slice(start, a.length - end), b.slice(start, b.length - end), pieces);
  push(pieces, "same", a.slice(a.length - end).join(""));
  return readable(pieces, before, after);
}

/** Below this share of common letters two texts are not one text that was changed. */
const ALIKE = 0.3;

/** Changes with nothing but spaces between them as one, and texts that have little in common as a whole replaced. */
function readable(pieces: Piece[], before: string, after: string): Piece[] {
  const letters = (text: string) => text.replace(/[\s\p{P}]/gu, "").length;
  const common = pieces.reduce((sum, piece) => sum + (piece.kind === "same" ? letters(piece.text) : 0), 0);
  const longer = Math.max(letters(before), letters(after));
  if (before && after && longer > 0 && common / longer < ALIKE)
    return [
      { kind: "gone", text: before },
      { kind: "new", text: after },
    ];
  const made: Piece[] = [];
  let gone = "";
  let fresh = "";
  const flush = () => {
    push(made, "gone", gone);
    push(made, "new", fresh);
    gone = fresh = "";
  };
  pieces.forEach((piece, index) => {
    const between = (gone || fresh) && index < pieces.length - 1 && !piece.text.trim();
    if (piece.kind === "same" && !between) {
      flush();
      push(made, "same", piece.text);
    } else {
      if (piece.kind !== "new") gone += piece.text;
      if (piece.kind !== "gone") fresh += piece.text;
    }
  });
  flush();
  return made;
}

function middle(a: string[], b: string[], pieces: Piece[]): void {
  if (a.length * b.length > MOST || a.length === 0 || b.length === 0) {
    push(pieces, "gone", a.join(""));
    push(pieces, "new", b.join(""));
    return;
  }
  const lengths = common(a, b);
  const width = b.length + 1;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      push(pieces, "same", a[i] as string);
      i++;
      j++;
    } else if ((lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number))
      push(pieces, "gone", a[i++] as string);
    else push(pieces, "new", b[j++] as string);
  }
  push(pieces, "gone", a.slice(i).join(""));
  push(pieces, "new", b.slice(j).join(""));
}

/** Length of the longest common subsequence of what follows each pair of places. */
function common(a: string[], b: string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] as number) + 1
          : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
  return lengths;
}

function push(pieces: Piece[], kind: Piece["kind"], text: string): void {
  if (!text) return;
  const last = pieces.at(-1);
  if (last?.kind === kind) last.text += text;
  else pieces.push({ kind, text });
}

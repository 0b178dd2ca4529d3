import { useMemo } from "react";
import { useMessages } from "@/app/i18n";
import { pretty } from "@/components/Code";
import c from "./Diff.module.css";
import { diffWords } from "./diff";

/** Two texts as one: struck through what was taken out, underlined what was put in. JSON is indented first. */
export function Diff({ before, after, label }: { before: string; after: string; label?: string }) {
  const t = useMessages().traces.span;
  const pieces = useMemo(() => diffWords(pretty(before), pretty(after)), [before, after]);
  const same = pieces.every((piece) => piece.kind === "same");
  const replaced = pieces.length === 2 && pieces[0]?.kind === "gone" && pieces[1]?.kind === "new";
  return (
    <div
      className={c.diff}
      data-replaced={replaced || undefined}
      role="group"
      aria-label={label ?? t.difference}
      tabIndex={0}
    >
      {same && <div className={c.none}>{t.noDifference}</div>}
      {pieces.map((piece, index) => {
        const Tag = piece.kind === "gone" ? "del" : piece.kind === "new" ? "ins" : "span";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no name but their place
          <Tag key={index}>{piece.text}</Tag>
        );
      })}
    </div>
  );
}

import { useMemo } from "react";
import { useMessages } from "@/app/i18n";
import { formatJson } from "@/components/Code";
import c from "./Diff.module.css";
import { diffTexts } from "./diff";

/** Show two texts as one: deletions struck through, insertions underlined. JSON is indented first. */
export function Diff({ before, after, label }: { before: string; after: string; label?: string }) {
  const t = useMessages().traces.span;
  const parts = useMemo(() => diffTexts(formatJson(before), formatJson(after)), [before, after]);
  const isEqual = parts.every((part) => part.kind === "equal");
  const isReplaced = parts.length === 2 && parts[0]?.kind === "removed" && parts[1]?.kind === "added";
  return (
    <div
      className={c.diff}
      data-replaced={isReplaced || undefined}
      role="group"
      aria-label={label ?? t.difference}
      tabIndex={0}
    >
      {isEqual && <div className={c.none}>{t.noDifference}</div>}
      {parts.map((part, index) => {
        const Tag = part.kind === "removed" ? "del" : part.kind === "added" ? "ins" : "span";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces are identified by their order only
          <Tag key={index}>{part.text}</Tag>
        );
      })}
    </div>
  );
}

import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";

/** Return a function that describes a chunker in one line. */
export function useChunkerText(): (chunker: Record<string, unknown>) => string {
  const t = useMessages().knowledgeIndexes;
  const f = useFormats();
  return (chunker) => {
    const kind = t.kinds[String(chunker.kind)] ?? String(chunker.kind);
    if (typeof chunker.tokens !== "number") return kind;
    const text = t.chunkerText(kind, f.number(chunker.tokens), f.number(Number(chunker.overlap ?? 0)));
    return chunker.kind === "parents" ? t.chunkerWithParents(text, f.number(Number(chunker.parent_tokens))) : text;
  };
}

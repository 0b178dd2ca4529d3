import { Badge } from "@mantine/core";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import c from "./knowledge.module.css";
import { headingPath } from "./search";

/** Show a passage with its similarity and its ranks in vector and text search. */
export function PassageCard({
  passage,
  number,
  isCited,
}: {
  passage: Schema["RetrievedPassage"];
  number: number;
  isCited?: boolean;
}) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const formatRank = (value: number | null | undefined) => (value ? f.number(value) : UNKNOWN);
  const similarity = f.fixed(passage.similarity, 2);
  return (
    <article className={c.passage} data-marked={isCited || undefined} id={`passage-${number}`}>
      <div className={c.passageHead}>
        <span>
          <strong>{number}</strong> {headingPath(passage.title || passage.path, passage.chunk.heading ?? "")}
          {isCited && (
            <Badge ml={8} size="sm" variant="light" color="teal" tt="none" fw={500}>
              {t.stated}
            </Badge>
          )}
        </span>
        <span className={c.fit}>
          <Meter value={passage.similarity} label={`${t.similarity} ${similarity}`} color="--series-3" />
          <span className="num">{similarity}</span>
          <span className={`${c.ranks} num`}>
            {t.ranks(formatRank(passage.vector_rank), formatRank(passage.text_rank))}
          </span>
        </span>
      </div>
      <div className={c.text}>{passage.chunk.text}</div>
    </article>
  );
}

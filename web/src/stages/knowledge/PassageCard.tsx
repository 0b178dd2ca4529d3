import { Badge } from "@mantine/core";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import c from "./knowledge.module.css";
import { trail } from "./search";

/** A passage with how well it fits: likeness of meaning, and its rank in both searches. */
export function PassageCard({ passage, number, marked }: { passage: S["Passage"]; number: number; marked?: boolean }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const rank = (value: number | null | undefined) => (value ? f.number(value) : UNKNOWN);
  const likeness = f.fixed(passage.similarity, 2);
  return (
    <article className={c.passage} data-marked={marked || undefined} id={`passage-${number}`}>
      <div className={c.passageHead}>
        <span>
          <strong>{number}</strong> {trail(passage.title || passage.path, passage.chunk.heading ?? "")}
          {marked && (
            <Badge ml={8} size="sm" variant="light" color="teal" tt="none" fw={500}>
              {t.stated}
            </Badge>
          )}
        </span>
        <span className={c.fit}>
          <Meter value={passage.similarity} label={`${t.similarity} ${likeness}`} color="--series-3" />
          <span className="num">{likeness}</span>
          <span className={`${c.ranks} num`}>{t.ranks(rank(passage.vector_rank), rank(passage.text_rank))}</span>
        </span>
      </div>
      <div className={c.text}>{passage.chunk.text}</div>
    </article>
  );
}

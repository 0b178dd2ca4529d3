import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { LocationLink } from "@/components/EntityLink";
import c from "../knowledge.module.css";
import { headingPath } from "../search";
import type { Step, StepScore } from "./steps";

type Passage = Schema["RetrievedPassage"];
const COLORS: Record<Step, string> = {
  vector: "--series-1",
  text: "--series-2",
  fusion: "--series-3",
  rerank: "--series-4",
};

function StepTable({ scores }: { scores: StepScore[] }) {
  const t = useMessages().knowledge.steps;
  const f = useFormats();
  return (
    <table className={c.steps}>
      <caption className={c.hidden}>{t.label}</caption>
      <thead className={c.hidden}>
        <tr>
          <th scope="col">{t.step}</th>
          <th scope="col">{t.score}</th>
          <th scope="col" aria-label={t.label} />
          <th scope="col">{t.rank}</th>
        </tr>
      </thead>
      <tbody>
        {scores.map(({ step, score, rank, share }) => (
          <tr key={step}>
            <th scope="row">{t[step]}</th>
            <td>
              <span className={c.track} aria-hidden>
                <span style={{ width: `${share * 100}%`, background: `var(${COLORS[step]})` }} />
              </span>
            </td>
            <td className="num">{score === null ? t.none : f.fixed(score, 3)}</td>
            <td className="num">{rank === null ? UNKNOWN : `#${f.number(rank)}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Props = { base: string; passage: Passage; number: number; scores?: StepScore[]; badge?: ReactNode };

/** Show a passage with its place in the document and the score of each step of retrieval. */
export function PassageCard({ base, passage, number, scores, badge }: Props) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const { chunk, context } = passage;
  return (
    <article className={c.passage} id={`passage-${number}`}>
      <div className={c.passageHead}>
        <span>
          <strong>{f.number(number)}</strong> {headingPath(passage.title || passage.path, chunk.heading ?? "")}
          {chunk.page ? ` · ${t.doc.page(f.number(chunk.page))}` : ""} {badge}
        </span>
        <LocationLink
          to={`/knowledge/${encodeURIComponent(base)}/documents/${chunk.document_id}`}
          search={{ start: chunk.start, end: chunk.end }}
        >
          {t.openDocument}
        </LocationLink>
      </div>
      <div className={c.passageBody} data-scored={scores ? true : undefined}>
        <div className={c.text}>{chunk.text}</div>
        {scores && <StepTable scores={scores} />}
      </div>
      {context && context !== chunk.text && (
        <details className={c.context}>
          <summary>{t.context}</summary>
          <Text size="sm" className={c.text}>
            {context}
          </Text>
        </details>
      )}
    </article>
  );
}

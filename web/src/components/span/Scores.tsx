import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { correctableText } from "./body";
import { Diff } from "./Diff";
import { scoresQuery } from "./queries";
import c from "./Scores.module.css";

/**
 * Show the scores of a span, newest first, and each correction as a diff to the answer. `without` excludes one score.
 */
export function Scores({ span, excludedScoreId }: { span: Schema["Span"]; excludedScoreId?: string }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const answer = correctableText(span.output);
  const scores = useQuery(scoresQuery(span.id));
  return (
    <QueryBoundary query={scores} lines={1}>
      {(list) =>
        list.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.noScores}
          </Text>
        ) : (
          list
            .filter((score) => score.id !== excludedScoreId)
            .map((score) => (
              <div key={score.id} className={c.score}>
                <div className={c.scoreHead}>
                  <b>{score.name}</b>
                  <span className="num">{f.number(score.value, 2)}</span>
                  <Text size="xs" c="dimmed" component="span">
                    {t.source[score.source ?? "human"]}
                    {score.author && ` · ${score.author}`}
                  </Text>
                  <RelativeTime at={score.created_at} />
                </div>
                {score.comment && <div>{score.comment}</div>}
                {score.correction != null && <Diff before={answer} after={score.correction} />}
              </div>
            ))
        )
      }
    </QueryBoundary>
  );
}

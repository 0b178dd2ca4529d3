import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { When } from "@/components/When";
import { answerText } from "./body";
import { Diff } from "./Diff";
import { scoresQuery } from "./queries";
import c from "./Scores.module.css";

/** What was said of a span, newest first; corrections beside what was answered. One may be left out. */
export function Scores({ span, without }: { span: S["Span"]; without?: string }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const answer = answerText(span.output);
  const scores = useQuery(scoresQuery(span.id));
  return (
    <Await query={scores} lines={1}>
      {(found) =>
        found.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.noScores}
          </Text>
        ) : (
          found
            .filter((score) => score.id !== without)
            .map((score) => (
              <div key={score.id} className={c.score}>
                <div className={c.scoreHead}>
                  <b>{score.name}</b>
                  <span className="num">{f.number(score.value, 2)}</span>
                  <Text size="xs" c="dimmed" component="span">
                    {t.source[score.source ?? "human"]}
                    {score.author && ` · ${score.author}`}
                  </Text>
                  <When at={score.created_at} />
                </div>
                {score.comment && <div>{score.comment}</div>}
                {score.correction != null && <Diff before={answer} after={score.correction} />}
              </div>
            ))
        )
      }
    </Await>
  );
}

import { MessageSquareText, PencilLine } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./Feedback.module.css";

/** Show a score on one line: its value, and icons for a correction and a comment. */
export function ScoreSummary({ score }: { score: Schema["Score"] }) {
  const t = useMessages().feedback;
  const f = useFormats();
  const { value } = score;
  const tone = value == null ? undefined : value >= 0.8 ? "good" : value < 0.5 ? "bad" : undefined;
  return (
    <span className={c.score}>
      <span className={`${c.value} num`} data-tone={tone}>
        {f.fixed(value, 2)}
      </span>
      <span className={c.dimmed}>{score.name}</span>
      {score.correction != null && <PencilLine size={13} role="img" aria-label={t.kind.correction} />}
      {score.comment && <MessageSquareText size={13} role="img" aria-label={t.kind.comment} />}
    </span>
  );
}

import { useFormats } from "@/app/i18n/format";
import { scoreDecimals, sortScores } from "@/components/comparison/scores";
import c from "./evals.module.css";

/** Show the most important scores on one line. */
export function ScoreChips({ scores, maxScores }: { scores: Record<string, number> | undefined; maxScores: number }) {
  const f = useFormats();
  const names = sortScores(Object.keys(scores ?? {})).slice(0, maxScores);
  return (
    <span className={c.chips}>
      {names.map((name) => (
        <span key={name} className={c.chip}>
          <span className={c.chipName}>{name}</span>
          <span className="num">{f.fixed(scores?.[name], scoreDecimals(name))}</span>
        </span>
      ))}
    </span>
  );
}

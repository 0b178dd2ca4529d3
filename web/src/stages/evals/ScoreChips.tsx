import { useFormats } from "@/app/i18n/format";
import c from "./evals.module.css";
import { digits, ordered } from "./scores";

/** The scores that say most, in one line. */
export function ScoreChips({ scores, most }: { scores: Record<string, number> | undefined; most: number }) {
  const f = useFormats();
  const names = ordered(Object.keys(scores ?? {})).slice(0, most);
  return (
    <span className={c.chips}>
      {names.map((name) => (
        <span key={name} className={c.chip}>
          <span className={c.chipName}>{name}</span>
          <span className="num">{f.fixed(scores?.[name], digits(name))}</span>
        </span>
      ))}
    </span>
  );
}

import { useFormats } from "@/app/i18n/format";
import { shares } from "./canary";
import c from "./gateway.module.css";

/** The targets of a route with their shares: a bar, and the same in words. */
export function Mix({ targets }: { targets: { model: string; weight?: number }[] }) {
  const f = useFormats();
  const parts = shares(targets)
    .map((share, index) => ({ share, index, model: targets[index]?.model ?? "" }))
    .filter((part) => part.share > 0);
  return (
    <span className={c.mix}>
      <span className={c.mixBar} aria-hidden>
        {parts.map(({ share, index, model }) => (
          <span key={model} style={{ width: `${share * 100}%`, background: `var(--series-${(index % 6) + 1})` }} />
        ))}
      </span>
      <span className={`${c.mixText} num`}>
        {parts.map(({ share, model }) => `${model} ${f.percent(share, 1)}`).join(" · ")}
      </span>
    </span>
  );
}

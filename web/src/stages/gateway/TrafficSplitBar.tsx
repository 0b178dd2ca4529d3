import { useFormats } from "@/app/i18n/format";
import { targetKey, targetShares } from "./canary";
import c from "./gateway.module.css";

/** Show the traffic shares of a route's targets as a bar and as text. */
export function TrafficSplitBar({
  targets,
}: {
  targets: { model: string; weight?: number; prompt?: string | null }[];
}) {
  const f = useFormats();
  const parts = targetShares(targets)
    .map((share, index) => ({ share, index, model: targets[index] ? targetKey(targets[index]) : "" }))
    .filter((part) => part.share > 0);
  return (
    <span className={c.trafficSplit}>
      <span className={c.trafficSplitBar} aria-hidden>
        {parts.map(({ share, index, model }) => (
          <span key={model} style={{ width: `${share * 100}%`, background: `var(--series-${(index % 6) + 1})` }} />
        ))}
      </span>
      <span className={`${c.trafficSplitText} num`}>
        {parts.map(({ share, model }) => `${model} ${f.percent(share, 1)}`).join(" · ")}
      </span>
    </span>
  );
}

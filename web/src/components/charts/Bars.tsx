import { useFormats } from "@/app/i18n/format";
import c from "./charts.module.css";

export type Bar = { label: string; value: number; note?: string; color?: string; onClick?: () => void };

/** Show values by name as horizontal bars with their numbers. Rendered as a list for screen readers. */
export function BarList({ bars, label, format }: { bars: Bar[]; label: string; format?: (value: number) => string }) {
  const f = useFormats();
  const maxValue = Math.max(1e-12, ...bars.map((bar) => bar.value));
  return (
    <ul className={c.bars} aria-label={label}>
      {bars.map((bar) => {
        const content = (
          <>
            <span className={c.barName} title={bar.label}>
              {bar.label}
            </span>
            <span className={c.track}>
              <span
                style={{ width: `${(bar.value / maxValue) * 100}%`, background: `var(${bar.color ?? "--series-1"})` }}
              />
            </span>
            <span className={`${c.barValue} num`}>
              {format ? format(bar.value) : f.number(bar.value)}
              {bar.note && <small>{bar.note}</small>}
            </span>
          </>
        );
        return (
          <li key={bar.label}>
            {bar.onClick ? (
              <button type="button" className={c.barRow} onClick={bar.onClick}>
                {content}
              </button>
            ) : (
              <div className={c.barRow}>{content}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export type Bin = { from: number; to: number; count: number };

/** Show how many values fall into each interval. */
export function Histogram({
  bins,
  label,
  height = 140,
  format,
}: {
  bins: Bin[];
  label: string;
  height?: number;
  format?: (value: number) => string;
}) {
  const f = useFormats();
  const formatValue = format ?? ((value: number) => f.compact(value));
  const maxCount = Math.max(1, ...bins.map((bin) => bin.count));
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  return (
    <figure className={c.figure} aria-label={`${label}: ${f.number(total)}`}>
      <div className={c.histogram} style={{ height }} aria-hidden>
        {bins.map((bin) => (
          <span key={bin.from} title={`${formatValue(bin.from)} – ${formatValue(bin.to)}: ${f.number(bin.count)}`}>
            <span style={{ height: `${(bin.count / maxCount) * 100}%` }} data-some={bin.count > 0 || undefined} />
          </span>
        ))}
      </div>
      <figcaption className={c.ends}>
        <span>{formatValue(bins[0]?.from ?? 0)}</span>
        <span>{label}</span>
        <span>{formatValue(bins.at(-1)?.to ?? 0)}</span>
      </figcaption>
    </figure>
  );
}

/** Show a share from 0 to 1 with an optional confidence interval. */
export function Meter({
  value,
  low,
  high,
  label,
  color = "--series-1",
}: {
  value: number;
  low?: number | null;
  high?: number | null;
  label: string;
  color?: string;
}) {
  const toPercent = (share: number) => `${Math.max(0, Math.min(1, share)) * 100}%`;
  const hasInterval = typeof low === "number" && typeof high === "number";
  return (
    <span className={c.meter} role="img" aria-label={label}>
      <span className={c.fill} style={{ width: toPercent(value), background: `var(${color})` }} />
      {hasInterval && (
        <span
          className={c.interval}
          style={{ left: toPercent(low), width: `calc(${toPercent(high)} - ${toPercent(low)})` }}
        />
      )}
    </span>
  );
}

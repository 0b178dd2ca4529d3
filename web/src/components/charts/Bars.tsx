import { useFormats } from "@/app/i18n/format";
import c from "./charts.module.css";

export type Bar = { label: string; value: number; note?: string; color?: string; onClick?: () => void };

/** Values by name as horizontal bars, the figures beside them. It is a list, and reads as one. */
export function BarList({ bars, label, format }: { bars: Bar[]; label: string; format?: (value: number) => string }) {
  const f = useFormats();
  const most = Math.max(1e-12, ...bars.map((bar) => bar.value));
  return (
    <ul className={c.bars} aria-label={label}>
      {bars.map((bar) => {
        const inner = (
          <>
            <span className={c.barName} title={bar.label}>
              {bar.label}
            </span>
            <span className={c.lane}>
              <span
                style={{ width: `${(bar.value / most) * 100}%`, background: `var(${bar.color ?? "--series-1"})` }}
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
                {inner}
              </button>
            ) : (
              <div className={c.barRow}>{inner}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export type Bin = { from: number; to: number; count: number };

/** How often values fall into each interval. */
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
  const write = format ?? ((value: number) => f.compact(value));
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const all = bins.reduce((sum, bin) => sum + bin.count, 0);
  return (
    <figure className={c.figure} aria-label={`${label}: ${f.number(all)}`}>
      <div className={c.histogram} style={{ height }} aria-hidden>
        {bins.map((bin) => (
          <span key={bin.from} title={`${write(bin.from)} – ${write(bin.to)}: ${f.number(bin.count)}`}>
            <span style={{ height: `${(bin.count / most) * 100}%` }} data-some={bin.count > 0 || undefined} />
          </span>
        ))}
      </div>
      <figcaption className={c.ends}>
        <span>{write(bins[0]?.from ?? 0)}</span>
        <span>{label}</span>
        <span>{write(bins.at(-1)?.to ?? 0)}</span>
      </figcaption>
    </figure>
  );
}

/** A share of a whole, from 0 to 1, with its interval where there is one. */
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
  const place = (share: number) => `${Math.max(0, Math.min(1, share)) * 100}%`;
  const interval = typeof low === "number" && typeof high === "number";
  return (
    <span className={c.meter} role="img" aria-label={label}>
      <span className={c.fill} style={{ width: place(value), background: `var(${color})` }} />
      {interval && (
        <span className={c.interval} style={{ left: place(low), width: `calc(${place(high)} - ${place(low)})` }} />
      )}
    </span>
  );
}

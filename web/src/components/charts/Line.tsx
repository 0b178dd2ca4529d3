import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLanguage, useMessages } from "@/app/i18n";
import c from "./charts.module.css";

/** A curve: one value for each x, null where there is none. `faint` draws it behind the others, `gaps` leaves it open there. */
export type Series = {
  label: string;
  values: (number | null)[];
  color?: string;
  faint?: boolean;
  points?: boolean;
  gaps?: boolean;
};

type Props = {
  /** Equal for all curves: numbers, or seconds since 1970 with `time`. */
  x: number[];
  series: Series[];
  label: string;
  height?: number;
  time?: boolean;
  log?: boolean;
  format?: (value: number) => string;
  /** The whole width of the axis, so that a curve that grows does not jump. */
  range?: [number, number];
  /** The axis counts things: no marks between whole numbers. */
  whole?: boolean;
};

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000];

/** The marks of an axis of time: hours, with the date where a day begins; days where they are further apart. */
export function timeMarks(language: string, at: number[], step: number): string[] {
  const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let last = "";
  return at.map((seconds) => {
    const moment = new Date(seconds * 1000);
    const day = date.format(moment);
    if (step >= 86_400) return day;
    const changed = day !== last;
    last = day;
    return changed ? `${hour.format(moment)}\n${day}` : hour.format(moment);
  });
}

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const seriesColor = (index: number) => `--series-${(index % 6) + 1}`;

/** Curves over a common axis. The plot is made once; new points are pushed into it. Drag to zoom, double click to see all. */
export function Line({ x, series, label, height = 220, time = false, log = false, format, range, whole }: Props) {
  const t = useMessages().app.chart;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const [language] = useLanguage();
  const shape = JSON.stringify(
    series.map(({ label, color, faint, points, gaps }) => [label, color, faint, points, gaps]),
  );
  const data = useMemo(() => [x, ...series.map((one) => one.values)] as uPlot.AlignedData, [x, series]);
  const latest = useRef(data);
  latest.current = data;
  const write = useRef(format);
  write.current = format;
  const from = range?.[0];
  const to = range?.[1];
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the series, `scheme` for the colours
  useEffect(() => {
    const place = host.current;
    if (!place) return;
    const axis = {
      stroke: css("--muted"),
      grid: { stroke: css("--line"), width: 1 },
      ticks: { show: false },
      font: "11px 'Inter Variable'",
      gap: 6,
    };
    const short = (value: number) => write.current?.(value) ?? shortNumber(value);
    const made = new uPlot(
      {
        width: place.clientWidth || 300,
        height,
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        scales: {
          x: { time, ...(from !== undefined && to !== undefined ? { range: [from, to] as [number, number] } : {}) },
          y: { distr: log ? 3 : 1 },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: time ? 40 : 28,
            ...(whole ? { incrs: WHOLE } : {}),
            ...(time
              ? {
                  values: (_: uPlot, at: number[], __: number, ___: number, step: number) =>
                    timeMarks(language, at, step),
                }
              : {}),
          },
          { ...axis, size: 52, values: (_, values) => values.map((v) => (v === null ? "" : short(v))) },
        ],
        series: [
          {},
          ...series.map((one, index) => {
            const color = css(one.color ?? seriesColor(index));
            return {
              label: one.label,
              stroke: one.faint ? `${color}55` : color,
              width: one.faint ? 1 : 2,
              spanGaps: !one.gaps,
              points: { show: one.points ?? one.values.length < 2, size: 5 },
            };
          }),
        ],
      },
      latest.current,
      place,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height }));
    observer.observe(place);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, x.length > 0, scheme, height, time, log, from, to, whole, language]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);
  const shown = series.filter((one) => !one.faint);
  return (
    <div>
      {shown.length > 1 && (
        <div className={c.legend}>
          {series.map((one, index) =>
            one.faint ? null : (
              <span key={one.label} className={c.key}>
                <span className={c.swatch} style={{ background: `var(${one.color ?? seriesColor(index)})` }} />
                {one.label}
              </span>
            ),
          )}
        </div>
      )}
      {x.length === 0 ? (
        <div className={c.empty} style={{ height }}>
          {t.empty}
        </div>
      ) : (
        <div ref={host} role="img" aria-label={`${label}: ${t.points(x.length)}`} style={{ height, minWidth: 0 }} />
      )}
    </div>
  );
}

/** A figure for an axis: as few characters as still tell it apart. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(0).replace("e-", "e−");
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(4));
}

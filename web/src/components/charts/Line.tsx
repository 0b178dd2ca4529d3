import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLanguage, useMessages } from "@/app/i18n";
import c from "./charts.module.css";

/**
 * Curve: one value per x, null if unknown. `faint` draws it behind the others, `gaps` does not connect points across
 * nulls.
 */
export type Series = {
  label: string;
  values: (number | null)[];
  color?: string;
  faint?: boolean;
  points?: boolean;
  gaps?: boolean;
};

type Props = {
  /** Common to all curves: numbers, or seconds since 1970 if `time` is set. */
  x: number[];
  series: Series[];
  label: string;
  height?: number;
  time?: boolean;
  log?: boolean;
  format?: (value: number) => string;
  /** Full range of the x axis, so that a growing curve does not rescale it. */
  range?: [number, number];
  /** x axis counts items: no ticks between integers. */
  integer?: boolean;
};

const INTEGER_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000];

/**
 * Return the tick labels of a time axis: hours, with the date at the start of each day, or only days if the ticks are a
 * day or more apart.
 */
export function timeTicks(language: string, times: number[], step: number): string[] {
  const dateFormat = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const hourFormat = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let lastDay = "";
  return times.map((seconds) => {
    const date = new Date(seconds * 1000);
    const dayLabel = dateFormat.format(date);
    if (step >= 86_400) return dayLabel;
    const isNewDay = dayLabel !== lastDay;
    lastDay = dayLabel;
    return isNewDay ? `${hourFormat.format(date)}\n${dayLabel}` : hourFormat.format(date);
  });
}

const cssVariable = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const seriesColor = (index: number) => `--series-${(index % 6) + 1}`;

/**
 * Show curves over a common x axis. The plot is created once and receives new points. Drag to zoom, double-click to
 * reset.
 */
export function LineChart({
  x,
  series,
  label,
  height = 220,
  time = false,
  log = false,
  format,
  range,
  integer,
}: Props) {
  const t = useMessages().app.chart;
  const containerRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const [language] = useLanguage();
  const seriesKey = JSON.stringify(
    series.map(({ label, color, faint, points, gaps }) => [label, color, faint, points, gaps]),
  );
  const data = useMemo(() => [x, ...series.map((curve) => curve.values)] as uPlot.AlignedData, [x, series]);
  const latestData = useRef(data);
  latestData.current = data;
  const formatRef = useRef(format);
  formatRef.current = format;
  const rangeStart = range?.[0];
  const rangeEnd = range?.[1];
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` represents the series, `scheme` the colours
  useEffect(() => {
    const container = containerRef.current;
    if (!container) return;
    const axis = {
      stroke: cssVariable("--muted"),
      grid: { stroke: cssVariable("--line"), width: 1 },
      ticks: { show: false },
      font: "11px 'Inter Variable'",
      gap: 6,
    };
    const formatTick = (value: number) => formatRef.current?.(value) ?? shortNumber(value);
    const chart = new uPlot(
      {
        width: container.clientWidth || 300,
        height,
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        scales: {
          x: {
            time,
            ...(rangeStart !== undefined && rangeEnd !== undefined
              ? { range: [rangeStart, rangeEnd] as [number, number] }
              : {}),
          },
          y: { distr: log ? 3 : 1 },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: time ? 40 : 28,
            ...(integer ? { incrs: INTEGER_STEPS } : {}),
            ...(time
              ? {
                  values: (_: uPlot, times: number[], __: number, ___: number, step: number) =>
                    timeTicks(language, times, step),
                }
              : {}),
          },
          {
            ...axis,
            size: 52,
            values: (_, values) => values.map((value) => (value === null ? "" : formatTick(value))),
          },
        ],
        series: [
          {},
          ...series.map((curve, index) => {
            const color = cssVariable(curve.color ?? seriesColor(index));
            return {
              label: curve.label,
              stroke: curve.faint ? `${color}55` : color,
              width: curve.faint ? 1 : 2,
              spanGaps: !curve.gaps,
              points: { show: curve.points ?? curve.values.length < 2, size: 5 },
            };
          }),
        ],
      },
      latestData.current,
      container,
    );
    plotRef.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: container.clientWidth, height }));
    observer.observe(container);
    return () => {
      observer.disconnect();
      chart.destroy();
      plotRef.current = null;
    };
  }, [seriesKey, x.length > 0, scheme, height, time, log, rangeStart, rangeEnd, integer, language]);
  useEffect(() => {
    plotRef.current?.setData(data);
  }, [data]);
  const legendEntries = series.filter((curve) => !curve.faint);
  return (
    <div>
      {legendEntries.length > 1 && (
        <div className={c.legend}>
          {series.map((curve, index) =>
            curve.faint ? null : (
              <span key={curve.label} className={c.key}>
                <span className={c.swatch} style={{ background: `var(${curve.color ?? seriesColor(index)})` }} />
                {curve.label}
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
        <div
          ref={containerRef}
          role="img"
          aria-label={`${label}: ${t.points(x.length)}`}
          style={{ height, minWidth: 0 }}
        />
      )}
    </div>
  );
}

/** Return a number for an axis in as few characters as possible. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(0).replace("e-", "e−");
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(4));
}

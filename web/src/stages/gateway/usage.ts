import type { S } from "@/api/client";

export const RANGES = ["1h", "6h", "24h", "7d", "30d"] as const;
export const GROUPINGS = ["model", "key", "route", "user", "tag"] as const;
export const METRICS = ["calls", "tokens", "cost", "p50", "p95"] as const;
export type Range = (typeof RANGES)[number];
export type Grouping = (typeof GROUPINGS)[number];
export type Metric = (typeof METRICS)[number];
export type UsageSearch = { range?: Range; by?: Grouping; metric?: Metric };
type Bucket = S["UsageReport"]["bucket"];
type Point = S["UsagePoint"];

const HOURS: Record<Range, number> = { "1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720 };
const SECONDS: Record<Bucket, number> = { minute: 60, hour: 3600, day: 86_400 };

const among = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
  known.find((one) => one === value);

/** Reads a URL: what it does not know is left out. */
export function readUsageSearch(search: Record<string, unknown>): UsageSearch {
  const found = {
    range: among(RANGES, search.range),
    by: among(GROUPINGS, search.by),
    metric: among(METRICS, search.metric),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value)) as UsageSearch;
}

/** Whether a grouping has latencies: by user and tag the ledger is read, which knows none. */
export const timed = (by: Grouping): boolean => by !== "user" && by !== "tag";

/** The steps in which a range is shown. */
export const bucketOf = (range: Range): Bucket => (HOURS[range] <= 6 ? "minute" : HOURS[range] <= 168 ? "hour" : "day");

/** When a range began. Minutes may go back six hours at most, to the second. */
export const sinceOf = (range: Range, now = Date.now()): string =>
  new Date(now - HOURS[range] * 3_600_000 + (range === "6h" ? 60_000 : 0)).toISOString();

const stamp = (at: string) => Date.parse(at) / 1000;

/** The beginning of every step from `since` to `until`, in seconds since 1970. */
export function steps({ since, until, bucket }: Pick<S["UsageReport"], "since" | "until" | "bucket">): number[] {
  const step = SECONDS[bucket];
  const first = Math.floor(stamp(since) / step) * step;
  const count = Math.max(1, Math.ceil((stamp(until) - first) / step));
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** A figure of a point. Calls are a rate, so that steps of different lengths can be compared. */
export function figureOf(point: Point, metric: Metric, seconds: number): number | null {
  switch (metric) {
    case "calls":
      return (point.calls ?? 0) / (seconds / 60);
    case "tokens":
      return point.input_tokens === null && point.output_tokens === null
        ? null
        : (point.input_tokens ?? 0) + (point.output_tokens ?? 0);
    case "cost":
      return point.cost ?? null;
    case "p50":
      return point.latency_p50 ?? null;
    default:
      return point.latency_p95 ?? null;
  }
}

/**
 * Curves by group over all steps. Where nothing was called, nothing was consumed; a latency is unknown there, and so is
 * a cost where no call of the group has a known price.
 */
export function curves(report: S["UsageReport"], metric: Metric, unnamed: string) {
  const x = steps(report);
  const step = SECONDS[report.bucket];
  const until = stamp(report.until);
  const groups = new Map<string, Map<number, Point>>();
  for (const point of report.points ?? []) {
    const name = point.group ?? unnamed;
    const found = groups.get(name) ?? new Map<number, Point>();
    found.set(Math.floor(stamp(point.at) / step) * step, point);
    groups.set(name, found);
  }
  const lasted = (at: number) => Math.max(1, Math.min(step, until - at));
  const latency = metric === "p50" || metric === "p95";
  const known = (points: Map<number, Point>) =>
    [...points.values()].some((point) => figureOf(point, metric, step) !== null);
  const empty = (points: Map<number, Point>) => (!latency && known(points) ? 0 : null);
  const series = [...groups].map(([label, points]) => ({
    label,
    ...(latency ? { gaps: true, points: true } : {}),
    values: x.map((at) => {
      const point = points.get(at);
      return point ? figureOf(point, metric, lasted(at)) : empty(points);
    }),
  }));
  return { x, series };
}

/** Everything together. A sum is unknown where no part of it is known. */
export function together(totals: S["Consumed"][]): {
  calls: number;
  errors: number;
  input: number | null;
  output: number | null;
  cost: number | null;
  priced: number;
} {
  const sum = (pick: (one: S["Consumed"]) => number | null | undefined) =>
    totals.reduce<number | null>((all, one) => {
      const value = pick(one);
      return value === null || value === undefined ? all : (all ?? 0) + value;
    }, null);
  return {
    calls: sum((one) => one.calls) ?? 0,
    errors: sum((one) => one.errors) ?? 0,
    input: sum((one) => one.input_tokens),
    output: sum((one) => one.output_tokens),
    cost: sum((one) => one.cost),
    priced: sum((one) => one.priced) ?? 0,
  };
}

/** The minutes that a report covers. */
export const minutes = (report: Pick<S["UsageReport"], "since" | "until">): number =>
  (stamp(report.until) - stamp(report.since)) / 60;

import type { Schema } from "@/api/client";

export const RANGES = ["1h", "6h", "24h", "7d", "30d"] as const;
export const GROUPINGS = ["model", "key", "route", "user", "tag"] as const;
export const METRICS = ["calls", "tokens", "cost", "p50", "p95"] as const;
export type Range = (typeof RANGES)[number];
export type Grouping = (typeof GROUPINGS)[number];
export type Metric = (typeof METRICS)[number];
export type UsageSearch = { range?: Range; by?: Grouping; metric?: Metric };
type Bucket = Schema["UsageReport"]["bucket"];
type Point = Schema["UsagePoint"];

const RANGE_HOURS: Record<Range, number> = { "1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720 };
const BUCKET_SECONDS: Record<Bucket, number> = { minute: 60, hour: 3600, day: 86_400 };

const oneOf = <T extends string>(options: readonly T[], value: unknown): T | undefined =>
  options.find((option) => option === value);

/** Parse the search parameters. Unknown values are dropped. */
export function readUsageSearch(search: Record<string, unknown>): UsageSearch {
  const parsed = {
    range: oneOf(RANGES, search.range),
    by: oneOf(GROUPINGS, search.by),
    metric: oneOf(METRICS, search.metric),
  };
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value)) as UsageSearch;
}

/** Return whether a grouping has latencies. Groups by user and tag come from the ledger, which stores none. */
export const hasLatency = (by: Grouping): boolean => by !== "user" && by !== "tag";

/** Return the bucket size of a range. */
export const bucketForRange = (range: Range): Bucket =>
  RANGE_HOURS[range] <= 6 ? "minute" : RANGE_HOURS[range] <= 168 ? "hour" : "day";

/**
 * Return the start of a range. Minute buckets are limited to six hours exactly, so the six-hour range starts one minute
 * later.
 */
export const rangeStart = (range: Range, now = Date.now()): string =>
  new Date(now - RANGE_HOURS[range] * 3_600_000 + (range === "6h" ? 60_000 : 0)).toISOString();

const toSeconds = (timestamp: string) => Date.parse(timestamp) / 1000;

/** Return the start of every bucket from `since` to `until`, in seconds since 1970. */
export function bucketStarts({
  since,
  until,
  bucket,
}: Pick<Schema["UsageReport"], "since" | "until" | "bucket">): number[] {
  const bucketSeconds = BUCKET_SECONDS[bucket];
  const first = Math.floor(toSeconds(since) / bucketSeconds) * bucketSeconds;
  const count = Math.max(1, Math.ceil((toSeconds(until) - first) / bucketSeconds));
  return Array.from({ length: count }, (_, index) => first + index * bucketSeconds);
}

/** Return a metric of a point. Calls are a rate, so that buckets of different lengths are comparable. */
export function metricValue(point: Point, metric: Metric, seconds: number): number | null {
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
 * Return curves by group over all buckets. Without calls, consumption is 0 and latency is unknown. Cost is unknown if
 * no call of the group has a known price.
 */
export function usageCurves(report: Schema["UsageReport"], metric: Metric, unnamed: string) {
  const x = bucketStarts(report);
  const bucketSeconds = BUCKET_SECONDS[report.bucket];
  const until = toSeconds(report.until);
  const groups = new Map<string, Map<number, Point>>();
  for (const point of report.points ?? []) {
    const name = point.group ?? unnamed;
    const points = groups.get(name) ?? new Map<number, Point>();
    points.set(Math.floor(toSeconds(point.at) / bucketSeconds) * bucketSeconds, point);
    groups.set(name, points);
  }
  const bucketDuration = (at: number) => Math.max(1, Math.min(bucketSeconds, until - at));
  const latency = metric === "p50" || metric === "p95";
  const hasKnownValue = (points: Map<number, Point>) =>
    [...points.values()].some((point) => metricValue(point, metric, bucketSeconds) !== null);
  const emptyValue = (points: Map<number, Point>) => (!latency && hasKnownValue(points) ? 0 : null);
  const series = [...groups].map(([label, points]) => ({
    label,
    ...(latency ? { gaps: true, points: true } : {}),
    values: x.map((at) => {
      const point = points.get(at);
      return point ? metricValue(point, metric, bucketDuration(at)) : emptyValue(points);
    }),
  }));
  return { x, series };
}

/** Return the totals of all groups. A sum is null if all of its parts are unknown. */
export function sumTotals(totals: Schema["UsageTotals"][]): {
  calls: number;
  errors: number;
  input: number | null;
  output: number | null;
  cost: number | null;
  priced: number;
} {
  const sum = (select: (group: Schema["UsageTotals"]) => number | null | undefined) =>
    totals.reduce<number | null>((subtotal, group) => {
      const value = select(group);
      return value === null || value === undefined ? subtotal : (subtotal ?? 0) + value;
    }, null);
  return {
    calls: sum((group) => group.calls) ?? 0,
    errors: sum((group) => group.errors) ?? 0,
    input: sum((group) => group.input_tokens),
    output: sum((group) => group.output_tokens),
    cost: sum((group) => group.cost),
    priced: sum((group) => group.priced) ?? 0,
  };
}

/** Return the number of minutes that a report covers. */
export const durationMinutes = (report: Pick<Schema["UsageReport"], "since" | "until">): number =>
  (toSeconds(report.until) - toSeconds(report.since)) / 60;

/** Search parameters of the span list. */
export type TracesSearch = {
  text?: string;
  status?: "ok" | "error";
  kind?: string;
  route?: string;
  model?: string;
  key?: string;
  deployment?: string;
  model_version?: string;
  user?: string;
  session?: string;
  trace_id?: string;
  has?: "score" | "correction";
  min_duration_ms?: number;
  range?: Range;
  since?: string;
  until?: string;
  span?: string;
  live?: boolean;
};

export type Range = "15m" | "1h" | "24h" | "7d" | "30d" | "custom";
const RANGE_MINUTES: Record<Exclude<Range, "custom">, number> = {
  "15m": 15,
  "1h": 60,
  "24h": 1440,
  "7d": 10_080,
  "30d": 43_200,
};
export const RANGES: Range[] = ["15m", "1h", "24h", "7d", "30d", "custom"];

const TEXT_FILTERS = [
  "text",
  "kind",
  "route",
  "model",
  "key",
  "deployment",
  "model_version",
  "user",
  "session",
  "trace_id",
] as const;

/** Parse the search parameters. Unknown or invalid values are dropped. */
export function readSearch(search: Record<string, unknown>): TracesSearch {
  const parsed: TracesSearch = {};
  for (const name of [...TEXT_FILTERS, "span"] as const) {
    const value = search[name];
    if ((typeof value === "string" && value) || typeof value === "number") parsed[name] = String(value);
  }
  if (search.status === "ok" || search.status === "error") parsed.status = search.status;
  if (search.has === "score" || search.has === "correction") parsed.has = search.has;
  const minDuration = Number(search.min_duration_ms);
  if (search.min_duration_ms !== undefined && minDuration > 0) parsed.min_duration_ms = minDuration;
  if (search.live === true || search.live === "true") parsed.live = true;
  const [since, until] = [validTime(search.since), validTime(search.until)];
  if (since || until) Object.assign(parsed, { range: "custom" as const }, since && { since }, until && { until });
  else if (RANGES.includes(search.range as Range)) parsed.range = search.range as Range;
  return parsed;
}

function validTime(value: unknown): string | undefined {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** Return the filters without page state (open span, live mode). Used as the query key of the list. */
export function listFilters(search: TracesSearch): Omit<TracesSearch, "span" | "live"> {
  const { span: _span, live: _live, ...filters } = search;
  return filters;
}

/** Return the query of the API. Relative ranges are counted back from `now`. */
export function toQuery(filters: Omit<TracesSearch, "span" | "live">, now = Date.now()) {
  const { range, since, until, ...rest } = filters;
  if (range === "custom")
    return { ...rest, ...(since && { since: toIso(since) }), ...(until && { until: toIso(until) }) };
  return range ? { ...rest, since: new Date(now - RANGE_MINUTES[range] * 60_000).toISOString() } : rest;
}

const toIso = (at: string) => new Date(at).toISOString();

/** Return the URL of the live stream for these filters, or null if they cannot be followed. */
export function liveUrl(search: TracesSearch): string | null {
  const { has, range, since, until, ...rest } = listFilters(search);
  if (!search.live || has || range === "custom") return null;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) query.set(name, String(value));
  return `/api/v1/traces/spans/events?${query}`;
}

/** What the list of spans is narrowed to, as it stands in the URL. */
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
const MINUTES: Record<Exclude<Range, "custom">, number> = {
  "15m": 15,
  "1h": 60,
  "24h": 1440,
  "7d": 10_080,
  "30d": 43_200,
};
export const RANGES: Range[] = ["15m", "1h", "24h", "7d", "30d", "custom"];

const TEXTS = [
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

/** Reads a URL: what it does not know, or what has no sense, is left out. */
export function readSearch(given: Record<string, unknown>): TracesSearch {
  const found: TracesSearch = {};
  for (const name of [...TEXTS, "span"] as const) {
    const value = given[name];
    if ((typeof value === "string" && value) || typeof value === "number") found[name] = String(value);
  }
  if (given.status === "ok" || given.status === "error") found.status = given.status;
  if (given.has === "score" || given.has === "correction") found.has = given.has;
  const slow = Number(given.min_duration_ms);
  if (given.min_duration_ms !== undefined && slow > 0) found.min_duration_ms = slow;
  if (given.live === true || given.live === "true") found.live = true;
  const [since, until] = [moment(given.since), moment(given.until)];
  if (since || until) Object.assign(found, { range: "custom" as const }, since && { since }, until && { until });
  else if (RANGES.includes(given.range as Range)) found.range = given.range as Range;
  return found;
}

function moment(value: unknown): string | undefined {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** The filters without what only concerns this page: the key of the list. */
export function filtersOf(search: TracesSearch): Omit<TracesSearch, "span" | "live"> {
  const { span: _span, live: _live, ...filters } = search;
  return filters;
}

/** The query of the API. A range that ends now is counted back from `now`. */
export function toQuery(filters: Omit<TracesSearch, "span" | "live">, now = Date.now()) {
  const { range, since, until, ...rest } = filters;
  if (range === "custom") return { ...rest, ...(since && { since: iso(since) }), ...(until && { until: iso(until) }) };
  return range ? { ...rest, since: new Date(now - MINUTES[range] * 60_000).toISOString() } : rest;
}

const iso = (at: string) => new Date(at).toISOString();

/** The address of the live stream for these filters; null where they cannot be followed. */
export function liveUrl(search: TracesSearch): string | null {
  const { has, range, since, until, ...rest } = filtersOf(search);
  if (!search.live || has || range === "custom") return null;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) query.set(name, String(value));
  return `/api/v1/traces/spans/events?${query}`;
}

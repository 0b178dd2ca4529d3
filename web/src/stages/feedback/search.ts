const KINDS = ["score", "correction", "comment"] as const;
const SOURCES = ["human", "judge", "program", "replay"] as const;
type Kind = (typeof KINDS)[number];
export type Source = (typeof SOURCES)[number];
export const ALL_SOURCES: readonly Source[] = SOURCES;

/** Search parameters of the inbox: filters, and the open item in `item`. */
export type InboxSearch = {
  kind?: Kind;
  route?: string;
  model?: string;
  model_version?: string;
  name?: string;
  source?: Source;
  harvested?: boolean;
  item?: string;
};
export type InboxFilters = Omit<InboxSearch, "item">;

const optionalText = (value: unknown) =>
  (typeof value === "string" && value) || typeof value === "number" ? String(value) : undefined;
const oneOf = <T extends string>(options: readonly T[], value: unknown) =>
  options.includes(value as T) ? (value as T) : undefined;

/** Remove undefined values, so that they do not appear in the URL. */
function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

export const readInboxSearch = (search: Record<string, unknown>): InboxSearch =>
  withoutUndefined({
    kind: oneOf(KINDS, search.kind),
    route: optionalText(search.route),
    model: optionalText(search.model),
    model_version: optionalText(search.model_version),
    name: optionalText(search.name),
    source: oneOf(SOURCES, search.source),
    harvested: search.harvested === true || search.harvested === false ? search.harvested : undefined,
    item: optionalText(search.item),
  });

/** Search parameters of a harvest: filters and target dataset. */
export type HarvestSearch = {
  dataset?: string;
  split?: string;
  min_value?: number;
  name?: string;
  route?: string;
  model_version?: string;
  source?: Source;
  since?: string;
  pairs?: boolean;
  exclude_splits?: string[];
};
/** Splits excluded by default, the same as in the API. */
export const DEFAULT_EXCLUDED_SPLITS = ["test", "validation"];

export function readHarvestSearch(search: Record<string, unknown>): HarvestSearch {
  const share = Number(search.min_value);
  const excluded = search.exclude_splits;
  return withoutUndefined({
    dataset: optionalText(search.dataset),
    split: optionalText(search.split),
    min_value: search.min_value !== undefined && share >= 0 && share <= 1 ? share : undefined,
    name: optionalText(search.name),
    route: optionalText(search.route),
    model_version: optionalText(search.model_version),
    source: oneOf(SOURCES, search.source),
    since: typeof search.since === "string" && !Number.isNaN(Date.parse(search.since)) ? search.since : undefined,
    pairs: search.pairs === true ? true : undefined,
    exclude_splits: Array.isArray(excluded)
      ? excluded.filter((split): split is string => typeof split === "string")
      : undefined,
  });
}

/** Return the parameters that affect the preview of a harvest. */
export function previewParams({ dataset: _dataset, exclude_splits: _excludedSplits, ...params }: HarvestSearch) {
  return { ...params, ...(params.since && { since: new Date(params.since).toISOString() }) };
}

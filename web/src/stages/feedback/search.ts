const KINDS = ["score", "correction", "comment"] as const;
const SOURCES = ["human", "judge", "program", "replay"] as const;
type Kind = (typeof KINDS)[number];
export type Source = (typeof SOURCES)[number];
export const ALL_SOURCES: readonly Source[] = SOURCES;

/** Which scores, as the URL says it; `item` is the open one. */
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

const text = (value: unknown) =>
  (typeof value === "string" && value) || typeof value === "number" ? String(value) : undefined;
const among = <T extends string>(all: readonly T[], value: unknown) =>
  all.includes(value as T) ? (value as T) : undefined;

/** Leaves out what is not set, so that it does not stand in the address. */
function set<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

export const readInbox = (given: Record<string, unknown>): InboxSearch =>
  set({
    kind: among(KINDS, given.kind),
    route: text(given.route),
    model: text(given.model),
    model_version: text(given.model_version),
    name: text(given.name),
    source: among(SOURCES, given.source),
    harvested: given.harvested === true || given.harvested === false ? given.harvested : undefined,
    item: text(given.item),
  });

/** What to harvest, and into what. */
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
  away_from?: string[];
};
/** What is kept out where nothing else is said: as the API has it. */
export const AWAY = ["test", "validation"];

export function readHarvest(given: Record<string, unknown>): HarvestSearch {
  const share = Number(given.min_value);
  const away = given.away_from;
  return set({
    dataset: text(given.dataset),
    split: text(given.split),
    min_value: given.min_value !== undefined && share >= 0 && share <= 1 ? share : undefined,
    name: text(given.name),
    route: text(given.route),
    model_version: text(given.model_version),
    source: among(SOURCES, given.source),
    since: typeof given.since === "string" && !Number.isNaN(Date.parse(given.since)) ? given.since : undefined,
    pairs: given.pairs === true ? true : undefined,
    away_from: Array.isArray(away) ? away.filter((one): one is string => typeof one === "string") : undefined,
  });
}

/** The part of a harvest that its preview depends on. */
export function lookOf({ dataset: _dataset, away_from: _away, ...look }: HarvestSearch) {
  return { ...look, ...(look.since && { since: new Date(look.since).toISOString() }) };
}

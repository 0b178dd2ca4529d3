/** What the addresses of the data pages hold. */
export const TABS = ["overview", "rows", "health", "diff"] as const;
export type Tab = (typeof TABS)[number];
export type Kind = "changed" | "removed" | "added";

/** The list: whether files are being imported (into the dataset `name`), and the job that does it. */
export type ListSearch = { import?: true; name?: string; job?: string };
/** A dataset: its version and tab, the rows that are shown and the open one, the two versions compared, the job. */
export type SetSearch = {
  version?: string;
  tab?: Tab;
  split?: string;
  text?: string;
  /** Metadata that rows must have: `channel=email`. */
  where?: string;
  from?: number;
  row?: number;
  a?: string;
  b?: string;
  kind?: Kind;
  job?: string;
};

const text = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));
const whole = (value: unknown) => {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
};
const one = <T extends string>(value: unknown, of: readonly T[]) => of.find((known) => known === value);

export const listSearch = (search: Record<string, unknown>): ListSearch => ({
  import: search.import === true || search.import === "true" ? true : undefined,
  name: text(search.name),
  job: text(search.job),
});

export const setSearch = (search: Record<string, unknown>): SetSearch => ({
  version: text(search.version),
  tab: one(search.tab, TABS),
  split: text(search.split),
  text: text(search.text),
  where: text(search.where),
  from: whole(search.from),
  row: whole(search.row),
  a: text(search.a),
  b: text(search.b),
  kind: one(search.kind, ["changed", "removed", "added"] as const),
  job: text(search.job),
});

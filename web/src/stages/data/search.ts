/** Search parameters of the data pages. */
export const TABS = ["overview", "rows", "health", "diff"] as const;
export type Tab = (typeof TABS)[number];
export type ChangeKind = "changed" | "removed" | "added";

/** Search parameters of the list: whether the import form is open, its target dataset `name` and its job. */
export type ListSearch = { import?: true; name?: string; job?: string };
/** Search parameters of a dataset: version, tab, row filters, open row, compared versions and job. */
export type DatasetSearch = {
  version?: string;
  tab?: Tab;
  split?: string;
  text?: string;
  /** Required metadata of a row, for example `channel=email`. */
  where?: string;
  from?: number;
  row?: number;
  a?: string;
  b?: string;
  kind?: ChangeKind;
  job?: string;
};

const optionalText = (value: unknown) => (value === undefined || value === "" ? undefined : String(value));
const positiveInteger = (value: unknown) => {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
};
const oneOf = <T extends string>(value: unknown, options: readonly T[]) => options.find((option) => option === value);

export const readListSearch = (search: Record<string, unknown>): ListSearch => ({
  import: search.import === true || search.import === "true" ? true : undefined,
  name: optionalText(search.name),
  job: optionalText(search.job),
});

export const readDatasetSearch = (search: Record<string, unknown>): DatasetSearch => ({
  version: optionalText(search.version),
  tab: oneOf(search.tab, TABS),
  split: optionalText(search.split),
  text: optionalText(search.text),
  where: optionalText(search.where),
  from: positiveInteger(search.from),
  row: positiveInteger(search.row),
  a: optionalText(search.a),
  b: optionalText(search.b),
  kind: oneOf(search.kind, ["changed", "removed", "added"] as const),
  job: optionalText(search.job),
});

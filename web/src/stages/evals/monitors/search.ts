/** Search parameters of the review list: the status, a monitor, and the open item in `item`. */
export type ReviewSearch = { status?: "done"; monitor?: string; item?: string };

const optionalText = (value: unknown) => (typeof value === "string" && value ? value : undefined);

/** Read the search parameters of the review list. */
export const readReviewSearch = (search: Record<string, unknown>): ReviewSearch => ({
  status: search.status === "done" ? "done" : undefined,
  monitor: optionalText(search.monitor),
  item: optionalText(search.item),
});

/** Return the id of the item after (1) or before (-1) an item in a list. The list is not left. */
export function neighbourId(ids: readonly string[], id: string | undefined, by: 1 | -1): string | undefined {
  if (ids.length === 0) return undefined;
  const at = ids.indexOf(id ?? "");
  return ids[Math.max(0, Math.min(ids.length - 1, at < 0 ? 0 : at + by))];
}

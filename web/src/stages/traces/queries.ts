import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { type TracesSearch, toQuery } from "./search";

type Filters = Omit<TracesSearch, "span" | "live">;
const PAGE = 100;
/** Upper bound of the count. A larger number would not help a reader. */
export const MAX_COUNT = 10_000;

/** Query the matching spans, newest first, page by page. */
export const spansQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["traces", "list", filters],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/traces/spans", {
          params: { query: { ...toQuery(filters), after: pageParam, limit: PAGE } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    placeholderData: keepPreviousData,
  });

/** Query the number of matching spans. Separate from the list, so that the list does not wait for it. */
export const countQuery = ({ has: _has, ...filters }: Filters) =>
  queryOptions({
    queryKey: ["traces", "count", filters],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/traces/spans/count", {
          params: { query: { ...toQuery(filters), at_most: MAX_COUNT } },
          signal,
        }),
      ),
  });

/** Query the options of the filters. */
export const facetsQuery = queryOptions({
  queryKey: ["traces", "facets"],
  queryFn: () => unwrap(api.GET("/api/v1/traces/facets")),
  staleTime: 60_000,
});

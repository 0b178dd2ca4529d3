import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { type TracesSearch, toQuery } from "./search";

type Filters = Omit<TracesSearch, "span" | "live">;
const PAGE = 100;
/** Counting ends here: a person does not read more. */
export const AT_MOST = 10_000;

/** The spans that match, newest first, page by page after the last one seen. */
export const spansQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["traces", "list", filters],
    queryFn: ({ pageParam, signal }) =>
      ok(
        api.GET("/api/v1/traces/spans", {
          params: { query: { ...toQuery(filters), after: pageParam, limit: PAGE } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    placeholderData: keepPreviousData,
  });

/** How many match, asked for apart so that the list does not wait for it. */
export const countQuery = ({ has: _has, ...filters }: Filters) =>
  queryOptions({
    queryKey: ["traces", "count", filters],
    queryFn: ({ signal }) =>
      ok(
        api.GET("/api/v1/traces/spans/count", { params: { query: { ...toQuery(filters), at_most: AT_MOST } }, signal }),
      ),
  });

/** What can be chosen in the filters. */
export const facetsQuery = queryOptions({
  queryKey: ["traces", "facets"],
  queryFn: () => ok(api.GET("/api/v1/traces/facets")),
  staleTime: 60_000,
});

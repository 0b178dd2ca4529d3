import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { type HarvestSearch, type InboxFilters, previewParams } from "./search";

const PAGE = 100;

/** Query matching scores, newest first, each with its span. */
export const inboxQuery = (filters: InboxFilters) =>
  infiniteQueryOptions({
    queryKey: ["feedback", "inbox", filters],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/feedback/inbox", {
          params: { query: { ...filters, after: pageParam, limit: PAGE } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.score.id),
    placeholderData: keepPreviousData,
  });

/** Query the summary of matching scores by model version and score name. */
export const summaryQuery = (filters: InboxFilters) =>
  queryOptions({
    queryKey: ["feedback", "summary", filters],
    queryFn: () =>
      unwrap(api.GET("/api/v1/feedback/summary", { params: { query: { ...filters, by: ["model_version", "name"] } } })),
    placeholderData: keepPreviousData,
  });

export type Choices = { routes: string[]; models: string[]; versions: string[]; names: string[] };

/** Query all values that the score filters offer. */
export const choicesQuery = queryOptions({
  queryKey: ["feedback", "choices"],
  queryFn: async (): Promise<Choices> => {
    const by = ["name", "route", "model", "model_version"] as const;
    const groups = await unwrap(api.GET("/api/v1/feedback/summary", { params: { query: { by: [...by] } } }));
    const values = (name: (typeof by)[number]) =>
      [...new Set(groups.map((group) => group[name]))].filter((value): value is string => Boolean(value)).sort();
    return {
      routes: values("route"),
      models: values("model"),
      versions: values("model_version"),
      names: values("name"),
    };
  },
  staleTime: 30_000,
});

/** Query the preview of a harvest. */
export const previewQuery = (harvestSearch: HarvestSearch) => {
  const params = previewParams(harvestSearch);
  return queryOptions({
    queryKey: ["feedback", "harvest", params],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/feedback/harvest", { params: { query: params }, signal })),
    placeholderData: keepPreviousData,
  });
};

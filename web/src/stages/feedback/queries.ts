import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { type HarvestSearch, type InboxFilters, lookOf } from "./search";

const PAGE = 100;

/** The scores that fit, newest first, each beside the span that it judges. */
export const inboxQuery = (filters: InboxFilters) =>
  infiniteQueryOptions({
    queryKey: ["feedback", "inbox", filters],
    queryFn: ({ pageParam, signal }) =>
      ok(
        api.GET("/api/v1/feedback/inbox", {
          params: { query: { ...filters, after: pageParam, limit: PAGE } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.score.id),
    placeholderData: keepPreviousData,
  });

/** What the scores that fit say together, by model version and score. */
export const summaryQuery = (filters: InboxFilters) =>
  queryOptions({
    queryKey: ["feedback", "summary", filters],
    queryFn: () =>
      ok(api.GET("/api/v1/feedback/summary", { params: { query: { ...filters, by: ["model_version", "name"] } } })),
    placeholderData: keepPreviousData,
  });

export type Choices = { routes: string[]; models: string[]; versions: string[]; names: string[] };

/** What scores can be filtered by: every value that some score has. */
export const choicesQuery = queryOptions({
  queryKey: ["feedback", "choices"],
  queryFn: async (): Promise<Choices> => {
    const by = ["name", "route", "model", "model_version"] as const;
    const groups = await ok(api.GET("/api/v1/feedback/summary", { params: { query: { by: [...by] } } }));
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

/** What a harvest would give. */
export const previewQuery = (wanted: HarvestSearch) => {
  const look = lookOf(wanted);
  return queryOptions({
    queryKey: ["feedback", "harvest", look],
    queryFn: ({ signal }) => ok(api.GET("/api/v1/feedback/harvest", { params: { query: look }, signal })),
    placeholderData: keepPreviousData,
  });
};

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { isSyncing } from "./sourceForm";

const ITEMS_PER_PAGE = 200;
const REFRESH_MS = 2_000;
const IDLE_REFRESH_MS = 30_000;
export type ItemOutcome = NonNullable<Schema["SourceItem"]["outcome"]>;

/** Query the sources of a base, more often while one is synced. */
export const sourcesQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "sources", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/sources", { params: { path: { base } } })),
    refetchInterval: (query) => (query.state.data?.some(isSyncing) ? REFRESH_MS : IDLE_REFRESH_MS),
  });

/** Query a source, more often while it is synced. */
export const sourceQuery = (base: string, name: string) =>
  queryOptions({
    queryKey: ["knowledge", "source", base, name],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/bases/{base}/sources/{name}", { params: { path: { base, name } } })),
    refetchInterval: (query) => (query.state.data && isSyncing(query.state.data) ? REFRESH_MS : IDLE_REFRESH_MS),
  });

/** Query the syncs of a source, newest first. */
export const syncsQuery = (base: string, name: string) =>
  queryOptions({
    queryKey: ["knowledge", "syncs", base, name],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/bases/{base}/sources/{name}/syncs", { params: { path: { base, name } } })),
  });

/** Query the pages or files of a source by key. */
export const itemsQuery = (base: string, name: string, outcome: ItemOutcome | undefined) =>
  infiniteQueryOptions({
    queryKey: ["knowledge", "items", base, name, outcome],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/knowledge/bases/{base}/sources/{name}/items", {
          params: { path: { base, name }, query: { outcome, after: pageParam, limit: ITEMS_PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length === ITEMS_PER_PAGE ? page.at(-1)?.key : undefined),
    placeholderData: keepPreviousData,
  });

/** Start a sync. `force` also deletes more than half of the documents. */
export const syncSource = (base: string, name: string, force = false) =>
  unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/sources/{name}/sync", {
      params: { path: { base, name } },
      body: { force },
    }),
  );

/** Change a source. */
export const updateSource = (base: string, name: string, body: Partial<Schema["SourceUpdate"]>) =>
  unwrap(
    api.PATCH("/api/v1/knowledge/bases/{base}/sources/{name}", {
      params: { path: { base, name } },
      body: body as Schema["SourceUpdate"],
    }),
  );

/** Upload the ZIP file of a source of the kind `notion_export`. */
export function uploadArchive(base: string, name: string, file: File) {
  const form = new FormData();
  form.append("file", file, file.name);
  return unwrap(
    api.PUT("/api/v1/knowledge/bases/{base}/sources/{name}/archive", {
      params: { path: { base, name } },
      body: form as never,
      bodySerializer: (body) => body as unknown as FormData,
    }),
  );
}

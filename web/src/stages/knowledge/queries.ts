import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { type DocumentState, parseFilter, type RetrievalSearch } from "./search";

const DOCUMENTS_PER_PAGE = 200;
const REFRESH_MS = 2_000;
const BUSY_STATES = ["pending", "loading", "indexing"];

/** Return the number of documents that are not ready and have not failed. */
export const countBusy = (states: Record<string, number>) =>
  BUSY_STATES.reduce((sum, state) => sum + (states[state] ?? 0), 0);

/** Query the knowledge bases of the project. */
export const basesQuery = () =>
  queryOptions({ queryKey: ["knowledge", "bases"], queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases")) });

/** Query the settings of a base and its documents by state, repeatedly while documents are loaded. */
export const baseQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "base", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}", { params: { path: { base } } })),
    refetchInterval: (query) => (countBusy(query.state.data?.states ?? {}) ? REFRESH_MS : false),
  });

/** Query the documents of a knowledge base by path, repeatedly while some are loaded. */
export const documentsQuery = (base: string, state?: DocumentState) =>
  infiniteQueryOptions({
    queryKey: ["knowledge", "documents", base, state],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/knowledge/bases/{base}/documents", {
          params: { path: { base }, query: { state, after: pageParam, limit: DOCUMENTS_PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length === DOCUMENTS_PER_PAGE ? page.at(-1)?.path : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.pages.flat().some((document) => BUSY_STATES.includes(document.state)) ? REFRESH_MS : false,
  });

/** Query a document, repeatedly while it is loaded. */
export const documentQuery = (id: string) =>
  queryOptions({
    queryKey: ["knowledge", "document", id],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/documents/{document_id}", { params: { path: { document_id: id } } })),
    refetchInterval: (query) => (BUSY_STATES.includes(query.state.data?.state ?? "") ? REFRESH_MS : false),
  });

/** Query the text of a document with its sections. `version` is the time of its last change. */
export const documentTextQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ["knowledge", "text", id, version],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/documents/{document_id}/text", { params: { path: { document_id: id } } })),
  });

/** Query the chunks of a document in reading order. */
export const chunksQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ["knowledge", "chunks", id, version],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/documents/{document_id}/chunks", { params: { path: { document_id: id } } })),
  });

/** Query the passages that match a search, with the score of each step. */
export const searchQuery = (base: string, search: RetrievalSearch) =>
  queryOptions({
    queryKey: ["knowledge", "search", base, search],
    queryFn: () =>
      unwrap(
        api.POST("/api/v1/knowledge/bases/{base}/search", {
          params: { path: { base } },
          body: searchRequest(search),
        }),
      ),
    enabled: Boolean(search.q?.trim()) && parseFilter(search.filter ?? "") !== null,
    retry: false,
  });

/** Return the request of a search. Settings that are not set keep the defaults of the server. */
export function searchRequest(search: RetrievalSearch): Schema["SearchRequest"] {
  const { q = "", limit = 10, index, filter = "", mode, fusion, diversity, neighbours, rerank } = search;
  const settings = { mode, fusion, diversity, neighbours, rerank };
  return {
    question: q,
    limit,
    index,
    filters: parseFilter(filter),
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  } as unknown as Schema["SearchRequest"];
}

/** Query the names that can answer questions, routes first. */
export const modelsQuery = queryOptions({
  queryKey: ["knowledge", "models"],
  queryFn: () => unwrap(api.GET("/api/v1/gateway/models")),
});

/** Return the names of models that offer an endpoint, each once. */
export function modelNames(models: { name: string; endpoint: string }[] | undefined, endpoint: string): string[] {
  const offering = (models ?? []).filter((model) => model.endpoint === endpoint);
  return [...new Set(offering.map((model) => model.name))];
}

/** Query the answer settings of a base. */
export const answerSettingsQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "answer-settings", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/answer-settings", { params: { path: { base } } })),
  });

/** Return a multipart body with files. */
function filesBody(files: File[]): { body: never; bodySerializer: (body: unknown) => FormData } {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return { body: form as never, bodySerializer: (body) => body as FormData };
}

/** Store files in a knowledge base without loading them. Creates the knowledge base if it does not exist. */
export const uploadFiles = (base: string, files: File[]) =>
  unwrap(api.POST("/api/v1/knowledge/bases/{base}/uploads", { params: { path: { base } }, ...filesBody(files) }));

/** Load and index documents: those with these ids, or all that are not ready. */
export const ingest = (base: string, documents: string[] | null) =>
  unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/ingest", { params: { path: { base } }, body: { documents: documents } }),
  );

/** Load failed documents again: the one with a path, or all. */
export const retryDocuments = (base: string, path: string | null) =>
  unwrap(api.POST("/api/v1/knowledge/bases/{base}/retry", { params: { path: { base } }, body: { path } }));

/** Delete a document with its chunks in every index. */
export const deleteDocument = (base: string, path: string) =>
  unwrap(api.DELETE("/api/v1/knowledge/bases/{base}/documents/{path}", { params: { path: { base, path } } }));

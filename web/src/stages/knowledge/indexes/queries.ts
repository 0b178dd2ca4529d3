import { queryOptions } from "@tanstack/react-query";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import type { Chunker } from "./chunker";

const REFRESH_MS = 2_000;

/** Query the indexes of a base, repeatedly while one is built. */
export const indexesQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "indexes", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/indexes", { params: { path: { base } } })),
    refetchInterval: (query) =>
      query.state.data?.some((index) => index.state === "building" || index.missing > 0) ? REFRESH_MS : false,
  });

/** Query the switches of the live index, newest first. */
export const switchesQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "switches", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/indexes/switches", { params: { path: { base } } })),
  });

/** Query the comparison of two indexes by their newest evaluations. Returns null if there are no such evaluations. */
export const indexComparisonQuery = (base: string, a: number, b: number) =>
  queryOptions({
    queryKey: ["knowledge", "index-comparison", base, a, b],
    queryFn: async () => {
      try {
        return await unwrap(
          api.GET("/api/v1/knowledge/bases/{base}/indexes/compare", {
            params: { path: { base }, query: { a, b, changes: 0 } },
          }),
        );
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

/** Query what an index has and lacks for becoming the live one. */
export const indexGateQuery = (base: string, number: number) =>
  queryOptions({
    queryKey: ["loop", "gates", "check", "index", base, number],
    queryFn: () =>
      unwrap(
        api.POST("/api/v1/evals/gates/check", {
          body: { subject: { kind: "index", name: base }, candidate: String(number) },
        }),
      ),
  });

/** Query the chunks that a document would have with a chunker and an embedding model. */
export const previewQuery = (documentId: string | null, chunker: Chunker, embedder: string) =>
  queryOptions({
    queryKey: ["knowledge", "preview", documentId, chunker, embedder],
    queryFn: () =>
      unwrap(
        api.POST("/api/v1/knowledge/documents/{document_id}/preview", {
          params: { path: { document_id: documentId ?? "" } },
          body: { chunker, embedder: embedder || null },
        }),
      ),
    enabled: documentId !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Build an index beside the live one. */
export const createIndex = (base: string, body: Schema["IndexCreate"]) =>
  unwrap(api.POST("/api/v1/knowledge/bases/{base}/indexes", { params: { path: { base } }, body }));

/** Make an index the live one. */
export const switchIndex = (base: string, number: number, body: Partial<Schema["IndexSwitchRequest"]>) =>
  unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/indexes/{number}/switch", {
      params: { path: { base, number } },
      body: body as Schema["IndexSwitchRequest"],
    }),
  );

/** Delete an index with its chunks. */
export const deleteIndex = (base: string, number: number) =>
  unwrap(api.DELETE("/api/v1/knowledge/bases/{base}/indexes/{number}", { params: { path: { base, number } } }));

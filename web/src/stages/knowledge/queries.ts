import { queryOptions } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";

/** The project's bases. */
export const basesQuery = () =>
  queryOptions({ queryKey: ["knowledge", "bases"], queryFn: () => ok(api.GET("/api/v1/knowledge/bases")) });

/** The documents of a base. */
export const documentsQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "documents", base],
    queryFn: () => ok(api.GET("/api/v1/knowledge/bases/{base}/documents", { params: { path: { base } } })),
  });

/** The passages of a document in reading order. */
export const chunksQuery = (id: string) =>
  queryOptions({
    queryKey: ["knowledge", "chunks", id],
    queryFn: () =>
      ok(api.GET("/api/v1/knowledge/documents/{document_id}/chunks", { params: { path: { document_id: id } } })),
  });

/** The passages that fit a query. */
export const searchQuery = (base: string, q: string) =>
  queryOptions({
    queryKey: ["knowledge", "search", base, q],
    queryFn: () =>
      ok(api.GET("/api/v1/knowledge/bases/{base}/search", { params: { path: { base }, query: { q, limit: 10 } } })),
    enabled: q.trim() !== "",
  });

/** Names that a question can be put to: routes first. */
export const modelsQuery = queryOptions({
  queryKey: ["knowledge", "models"],
  queryFn: () => ok(api.GET("/api/v1/gateway/models")),
});

/** Put a question. */
export const ask = (base: string, body: S["Question"]) =>
  ok(api.POST("/api/v1/knowledge/bases/{base}/ask", { params: { path: { base } }, body }));

/** Add files to a base, which is made where it is new. */
export function addFiles(base: string, files: File[]) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return ok(
    api.POST("/api/v1/knowledge/bases/{base}/documents", {
      params: { path: { base } },
      body: form as never,
      bodySerializer: (body) => body as unknown as FormData,
    }),
  );
}

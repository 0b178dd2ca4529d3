import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

/** Query the knowledge bases of the project. */
export const basesQuery = () =>
  queryOptions({ queryKey: ["knowledge", "bases"], queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases")) });

/** Query the documents of a knowledge base. */
export const documentsQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "documents", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/documents", { params: { path: { base } } })),
  });

/** Query the chunks of a document in reading order. */
export const chunksQuery = (id: string) =>
  queryOptions({
    queryKey: ["knowledge", "chunks", id],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/documents/{document_id}/chunks", { params: { path: { document_id: id } } })),
  });

/** Query the passages that match a search. */
export const searchQuery = (base: string, q: string) =>
  queryOptions({
    queryKey: ["knowledge", "search", base, q],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/bases/{base}/search", { params: { path: { base }, query: { q, limit: 10 } } })),
    enabled: q.trim() !== "",
  });

/** Query the names that can answer questions, routes first. */
export const modelsQuery = queryOptions({
  queryKey: ["knowledge", "models"],
  queryFn: async () => (await unwrap(api.GET("/api/v1/gateway/models"))).filter(({ endpoint }) => endpoint === "chat"),
});

/** Send a question. */
export const askQuestion = (base: string, body: Schema["AskRequest"]) =>
  unwrap(api.POST("/api/v1/knowledge/bases/{base}/ask", { params: { path: { base } }, body }));

/** Add files to a knowledge base. Creates the knowledge base if it does not exist. */
export function addFiles(base: string, files: File[]) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/documents", {
      params: { path: { base } },
      body: form as never,
      bodySerializer: (body) => body as unknown as FormData,
    }),
  );
}

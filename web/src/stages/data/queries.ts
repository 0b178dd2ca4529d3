import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import { type Example, parseRowFilter, versionRef } from "./model";
import type { ChangeKind } from "./search";

const PAGE = 50;
const ROWS_PAGE = 200;
/** Maximum number of versions shown in the graph and the picker, newest first. */
export const MAX_VERSIONS = 200;
const MAX_ANCESTORS = 40;

/** Query the newest version of every dataset, page by page. */
export const datasetsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["data", "datasets"],
    queryFn: ({ pageParam: after }) =>
      unwrap(api.GET("/api/v1/data/datasets", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Schema["DatasetVersion"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
  });

/** Query the versions of a dataset, newest first. */
export const versionsQuery = (name: string) =>
  queryOptions({
    queryKey: ["data", "versions", name],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/data/datasets/{name}/versions", {
          params: { path: { name }, query: { limit: MAX_VERSIONS } },
        }),
      ),
  });

/** Query the version that a ref names. */
export const versionQuery = (ref: string) =>
  queryOptions({
    queryKey: ["data", "version", ref],
    queryFn: () => unwrap(api.GET("/api/v1/data/versions/{ref}", { params: { path: { ref } } })),
    staleTime: ref.includes("@") ? Number.POSITIVE_INFINITY : 5_000,
  });

/** Query the ancestors of a dataset's versions, including versions of other datasets. */
export const historyQuery = (name: string, versionsOfDataset: Schema["DatasetVersion"][]) =>
  queryOptions({
    queryKey: ["data", "history", name, versionsOfDataset[0]?.hash ?? ""],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const versionsByRef = new Map(
        versionsOfDataset.map((datasetVersion) => [versionRef(datasetVersion), datasetVersion]),
      );
      let pendingRefs = versionsOfDataset.flatMap((datasetVersion) => datasetVersion.parents);
      while (pendingRefs.length && versionsByRef.size < versionsOfDataset.length + MAX_ANCESTORS) {
        const newRefs = [...new Set(pendingRefs)].filter((ref) => !versionsByRef.has(ref)).slice(0, MAX_ANCESTORS);
        const responses = await Promise.all(
          newRefs.map((ref) =>
            unwrap(api.GET("/api/v1/data/versions/{ref}", { params: { path: { ref } } })).catch(() => null),
          ),
        );
        const loaded = responses.filter((datasetVersion) => datasetVersion !== null);
        for (const datasetVersion of loaded) versionsByRef.set(versionRef(datasetVersion), datasetVersion);
        pendingRefs = loaded.flatMap((datasetVersion) => datasetVersion.parents);
      }
      return [...versionsByRef.values()];
    },
  });

export type Filter = { split?: string; text?: string; where?: string; from?: number };

/** Query the rows of a version page by page, filtered by first row, split, text and metadata. */
export const rowsQuery = (ref: string, { split, text, where, from }: Filter) =>
  infiniteQueryOptions({
    queryKey: ["data", "rows", ref, split, text, where, from],
    queryFn: ({ pageParam: after }) =>
      unwrap(
        api.GET("/api/v1/data/versions/{ref}/rows", {
          params: { path: { ref }, query: { after, limit: ROWS_PAGE, split, text, ...parseRowFilter(where) } },
        }),
      ),
    initialPageParam: (from ?? 1) - 1,
    getNextPageParam: (last: Schema["DatasetRow"][]) => (last.length < ROWS_PAGE ? undefined : last.at(-1)?.number),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query the number of matching rows. */
export const rowCountQuery = (ref: string, { split, text, where }: Filter) =>
  queryOptions({
    queryKey: ["data", "count", ref, split, text, where],
    queryFn: async () => {
      const query = { split, text, ...parseRowFilter(where) };
      const count = await unwrap(
        api.GET("/api/v1/data/versions/{ref}/rows/count", { params: { path: { ref }, query } }),
      );
      return count.rows;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query one row by its number. Returns null if there is no such row. */
export const rowQuery = (ref: string, number: number) =>
  queryOptions({
    queryKey: ["data", "row", ref, number],
    queryFn: async () => {
      const matching = await unwrap(
        api.GET("/api/v1/data/versions/{ref}/rows", {
          params: { path: { ref }, query: { after: number - 1, limit: 1 } },
        }),
      );
      return matching[0] ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query the newest health report of a version. Returns null if it was never profiled. */
export const reportQuery = (ref: string) =>
  queryOptions({
    queryKey: ["data", "report", ref],
    queryFn: async () => {
      try {
        const healthReport = await unwrap(api.GET("/api/v1/data/versions/{ref}/report", { params: { path: { ref } } }));
        return healthReport as unknown as Schema["HealthReport"]; // the generated types turn pairs into arrays
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

/** Query the changes that cleaning made in a version. */
export const changesQuery = (ref: string) =>
  queryOptions({
    queryKey: ["data", "changes", ref],
    queryFn: () => unwrap(api.GET("/api/v1/data/versions/{ref}/changes", { params: { path: { ref } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Maximum number of changed rows listed. */
const MAX_LISTED_CHANGES = 200;

/** Query the diff of two versions, optionally of one kind of change. */
export const diffQuery = (a: string, b: string, kind?: ChangeKind) =>
  queryOptions({
    queryKey: ["data", "diff", a, b, kind],
    queryFn: () =>
      unwrap(api.GET("/api/v1/data/diff", { params: { query: { a, b, kind, limit: MAX_LISTED_CHANGES } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Query a job. The component that shows it live updates the cached result. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: () => unwrap(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Replace a row, or remove it if `example` is null. Creates the next version. */
export const changeRow = (ref: string, number: number, example: Example | null) =>
  unwrap(api.POST("/api/v1/data/versions/{ref}/rows", { params: { path: { ref } }, body: [{ number, example }] }));

/** File format and its options. */
export type FileOptions = { format?: string; options?: Record<string, string> };

function toFormData(files: (File | [Blob, string])[], { format, options }: FileOptions): FormData {
  const formData = new FormData();
  for (const file of files)
    Array.isArray(file) ? formData.append("files", file[0], file[1]) : formData.append("files", file);
  if (format) formData.append("format", format);
  if (options && Object.keys(options).length) formData.append("options", JSON.stringify(options));
  return formData;
}

const serializeForm = (body: unknown) => body as FormData;

/** Query a preview of the files' first rows. */
export const previewQuery = (fileStarts: [Blob, string][], options: FileOptions, key: string) =>
  queryOptions({
    queryKey: ["data", "preview", key, options],
    queryFn: () =>
      unwrap(
        api.POST("/api/v1/data/preview", {
          body: toFormData(fileStarts, options) as never,
          bodySerializer: serializeForm,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Upload files as the next version of a dataset. */
export function importFiles(name: string, files: File[], options: FileOptions, skip: boolean) {
  const body = toFormData(files, options);
  body.append("on_error", skip ? "skip" : "stop");
  return unwrap(
    api.POST("/api/v1/data/datasets/{name}/versions", {
      params: { path: { name } },
      body: body as never,
      bodySerializer: serializeForm,
    }),
  );
}

/** Query a few rows to find their fields. */
export const sampleRowsQuery = (ref: string) =>
  queryOptions({
    queryKey: ["data", "some", ref],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/data/versions/{ref}/rows", { params: { path: { ref }, query: { after: 0, limit: 20 } } }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiError, api, ok, type S } from "@/api/client";
import { type Example, refOf, wordsOf } from "./model";
import type { Kind } from "./search";

const PAGE = 50;
const ROWS = 200;
/** How many versions of a dataset are drawn and offered, newest first. */
export const SHOWN_VERSIONS = 200;
const MOST_PARENTS = 40;

/** The newest version of every dataset, page by page. */
export const datasets = () =>
  infiniteQueryOptions({
    queryKey: ["data", "datasets"],
    queryFn: ({ pageParam: after }) =>
      ok(api.GET("/api/v1/data/datasets", { params: { query: { after, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: S["DatasetVersion"][]) => (last.length < PAGE ? undefined : last.at(-1)?.name),
  });

/** The versions of a dataset, newest first. */
export const versions = (name: string) =>
  queryOptions({
    queryKey: ["data", "versions", name],
    queryFn: () =>
      ok(
        api.GET("/api/v1/data/datasets/{name}/versions", {
          params: { path: { name }, query: { limit: SHOWN_VERSIONS } },
        }),
      ),
  });

/** The version that a ref names. */
export const version = (ref: string) =>
  queryOptions({
    queryKey: ["data", "version", ref],
    queryFn: () => ok(api.GET("/api/v1/data/versions/{ref}", { params: { path: { ref } } })),
    staleTime: ref.includes("@") ? Number.POSITIVE_INFINITY : 5_000,
  });

/** A dataset's versions and the versions of other datasets that they came from, however far back. */
export const history = (name: string, own: S["DatasetVersion"][]) =>
  queryOptions({
    queryKey: ["data", "history", name, own[0]?.hash ?? ""],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const found = new Map(own.map((one) => [refOf(one), one]));
      let ask = own.flatMap((one) => one.parents);
      while (ask.length && found.size < own.length + MOST_PARENTS) {
        const fresh = [...new Set(ask)].filter((ref) => !found.has(ref)).slice(0, MOST_PARENTS);
        const came = await Promise.all(
          fresh.map((ref) =>
            ok(api.GET("/api/v1/data/versions/{ref}", { params: { path: { ref } } })).catch(() => null),
          ),
        );
        const known = came.filter((one) => one !== null);
        for (const one of known) found.set(refOf(one), one);
        ask = known.flatMap((one) => one.parents);
      }
      return [...found.values()];
    },
  });

export type Filter = { split?: string; text?: string; where?: string; from?: number };

/** The rows of a version, page by page: from a row on, of one split, with some text, with some metadata. */
export const rows = (ref: string, { split, text, where, from }: Filter) =>
  infiniteQueryOptions({
    queryKey: ["data", "rows", ref, split, text, where, from],
    queryFn: ({ pageParam: after }) =>
      ok(
        api.GET("/api/v1/data/versions/{ref}/rows", {
          params: { path: { ref }, query: { after, limit: ROWS, split, text, ...wordsOf(where) } },
        }),
      ),
    initialPageParam: (from ?? 1) - 1,
    getNextPageParam: (last: S["Row"][]) => (last.length < ROWS ? undefined : last.at(-1)?.number),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** How many rows fit. */
export const rowCount = (ref: string, { split, text, where }: Filter) =>
  queryOptions({
    queryKey: ["data", "count", ref, split, text, where],
    queryFn: async () => {
      const query = { split, text, ...wordsOf(where) };
      const found = await ok(api.GET("/api/v1/data/versions/{ref}/rows/count", { params: { path: { ref }, query } }));
      return found.rows;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** One row by its number; null where the version has no such row. */
export const rowAt = (ref: string, number: number) =>
  queryOptions({
    queryKey: ["data", "row", ref, number],
    queryFn: async () => {
      const found = await ok(
        api.GET("/api/v1/data/versions/{ref}/rows", {
          params: { path: { ref }, query: { after: number - 1, limit: 1 } },
        }),
      );
      return found[0] ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The newest health report of a version; null where it was never profiled. */
export const report = (ref: string) =>
  queryOptions({
    queryKey: ["data", "report", ref],
    queryFn: async () => {
      try {
        const found = await ok(api.GET("/api/v1/data/versions/{ref}/report", { params: { path: { ref } } }));
        return found as unknown as S["Report"]; // the client's types forget that pairs are pairs
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

/** What cleaning changed on the way to a version. */
export const changes = (ref: string) =>
  queryOptions({
    queryKey: ["data", "changes", ref],
    queryFn: () => ok(api.GET("/api/v1/data/versions/{ref}/changes", { params: { path: { ref } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** How many differing rows are listed. */
const LISTED = 200;

/** What differs between two versions; of one kind alone where it is named. */
export const diff = (a: string, b: string, kind?: Kind) =>
  queryOptions({
    queryKey: ["data", "diff", a, b, kind],
    queryFn: () => ok(api.GET("/api/v1/data/diff", { params: { query: { a, b, kind, limit: LISTED } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A job that was seen before; kept up to date by whoever shows it live. */
export const job = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: () => ok(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Put another row in the place of one, or take it out: the next version. */
export const changeRow = (ref: string, number: number, example: Example | null) =>
  ok(api.POST("/api/v1/data/versions/{ref}/rows", { params: { path: { ref } }, body: [{ number, example }] }));

/** How files are read: their format and its options. */
export type Reading = { format?: string; options?: Record<string, string> };

function form(files: (File | [Blob, string])[], { format, options }: Reading): FormData {
  const given = new FormData();
  for (const file of files) Array.isArray(file) ? given.append("file", file[0], file[1]) : given.append("file", file);
  if (format) given.append("format", format);
  if (options && Object.keys(options).length) given.append("options", JSON.stringify(options));
  return given;
}

const asForm = (body: unknown) => body as FormData;

/** A look at the beginnings of files before they are imported. */
export const preview = (starts: [Blob, string][], reading: Reading, key: string) =>
  queryOptions({
    queryKey: ["data", "preview", key, reading],
    queryFn: () =>
      ok(api.POST("/api/v1/data/preview", { body: form(starts, reading) as never, bodySerializer: asForm })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Upload files as the next version of a dataset. */
export function importFiles(name: string, files: File[], reading: Reading, skip: boolean) {
  const body = form(files, reading);
  body.append("on_error", skip ? "skip" : "stop");
  return ok(
    api.POST("/api/v1/data/datasets/{name}/versions", {
      params: { path: { name } },
      body: body as never,
      bodySerializer: asForm,
    }),
  );
}

/** A few rows, to see what fields they have. */
export const someRows = (ref: string) =>
  queryOptions({
    queryKey: ["data", "some", ref],
    queryFn: () =>
      ok(api.GET("/api/v1/data/versions/{ref}/rows", { params: { path: { ref }, query: { after: 0, limit: 20 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

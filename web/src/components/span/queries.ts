import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError, notifySuccess } from "@/components/notify";

const MAX_RETRIES = 4;
const RECENT_MS = 3_600_000;

/** Return true if a span began in the last hour. Its id is a UUIDv7, whose first 48 bits are its time. */
const isRecent = (id: string) => Date.now() - Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16) < RECENT_MS;

/** Query one span with its bodies. The span of a recent call may not be written yet, so its 404 is retried. */
export const spanQuery = (id: string) =>
  queryOptions({
    queryKey: ["traces", "span", id],
    queryFn: () => unwrap(api.GET("/api/v1/traces/spans/{id}", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, error) => count < MAX_RETRIES && isRecent(id) && error instanceof ApiError && error.status === 404,
    retryDelay: 500,
  });

/** Query the whole trace of a span. */
export const traceQuery = (id: string) =>
  queryOptions({
    queryKey: ["traces", "trace", id],
    queryFn: () => unwrap(api.GET("/api/v1/traces/{trace_id}", { params: { path: { trace_id: id } } })),
  });

/** Query the scores of a span, newest first. */
export const scoresQuery = (span: string) =>
  queryOptions({
    queryKey: ["traces", "scores", span],
    queryFn: () => unwrap(api.GET("/api/v1/feedback", { params: { query: { spans: [span], limit: 100 } } })),
  });

/** Query the names of all datasets. */
export const datasetNamesQuery = queryOptions({
  queryKey: ["traces", "datasets"],
  queryFn: async () => {
    const newestVersions = await unwrap(api.GET("/api/v1/data/datasets", { params: { query: { limit: 500 } } }));
    return newestVersions.map((version) => version.name);
  },
});

/** Return a mutation that scores a span: a value, a comment or a correction. */
export function useScoreSpan(onDone?: (score: Schema["Score"]) => void) {
  const t = useMessages().traces.judge;
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema["ScoreCreate"]) => unwrap(api.POST("/api/v1/feedback", { body })),
    onError: notifyError,
    onSuccess: (score) => {
      notifySuccess(score.correction === null || score.correction === undefined ? t.scored : t.corrected);
      client.invalidateQueries({ queryKey: ["traces", "scores", score.span_id] });
      client.invalidateQueries({ queryKey: ["traces", "list"] });
      client.invalidateQueries({ queryKey: ["feedback"] });
      onDone?.(score);
    },
  });
}

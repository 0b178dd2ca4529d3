import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { done, failed } from "@/components/notify";

/** One span with its bodies. A span that was just answered may not be written yet: it is asked for again for a while. */
export const spanQuery = (id: string, fresh = false) =>
  queryOptions({
    queryKey: ["traces", "span", id],
    queryFn: () => ok(api.GET("/api/v1/traces/spans/{id}", { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, error) => fresh && count < 12 && error instanceof ApiError && error.status === 404,
    retryDelay: (count) => Math.min(2000, 250 * (count + 1)),
  });

/** The whole trace of a span. */
export const traceQuery = (id: string) =>
  queryOptions({
    queryKey: ["traces", "trace", id],
    queryFn: () => ok(api.GET("/api/v1/traces/traces/{trace_id}", { params: { path: { trace_id: id } } })),
  });

/** What was said of a span, newest first. */
export const scoresQuery = (span: string) =>
  queryOptions({
    queryKey: ["traces", "scores", span],
    queryFn: () => ok(api.GET("/api/v1/feedback", { params: { query: { spans: [span], limit: 100 } } })),
  });

/** The names of the datasets. */
export const datasetNames = queryOptions({
  queryKey: ["traces", "datasets"],
  queryFn: async () => {
    const found = await ok(api.GET("/api/v1/data/datasets", { params: { query: { limit: 500 } } }));
    return found.map((version) => version.name);
  },
});

/** Say something of an answer: a value, a comment, a correction. */
export function useJudge(onDone?: (score: S["Score"]) => void) {
  const t = useMessages().traces.judge;
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: S["Judgement"]) => ok(api.POST("/api/v1/feedback", { body })),
    onError: failed,
    onSuccess: (score) => {
      done(score.correction === null || score.correction === undefined ? t.scored : t.corrected);
      client.invalidateQueries({ queryKey: ["traces", "scores", score.span_id] });
      client.invalidateQueries({ queryKey: ["traces", "list"] });
      client.invalidateQueries({ queryKey: ["feedback"] });
      onDone?.(score);
    },
  });
}

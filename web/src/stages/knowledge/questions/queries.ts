import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import type { QuestionState } from "../search";

const QUESTIONS_PER_PAGE = 50;
const RESULTS_PER_PAGE = 50;
const REFRESH_MS = 2_000;
const isRunning = (evaluation: Schema["KnowledgeEvaluation"]) => ["queued", "running"].includes(evaluation.status);

/** Query the questions of a base, oldest first. */
export const questionsQuery = (base: string, state: QuestionState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["knowledge", "questions", base, state],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/knowledge/bases/{base}/questions", {
          params: { path: { base }, query: { state, after: pageParam, limit: QUESTIONS_PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length === QUESTIONS_PER_PAGE ? page.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
  });

/** Query the number of questions by state. */
export const questionCountsQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "question-counts", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/questions/counts", { params: { path: { base } } })),
  });

/** Query the question sets of a base, newest first. */
export const questionSetsQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "question-sets", base],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/bases/{base}/question-sets", { params: { path: { base } } })),
  });

/** Query the evaluations of a base, newest first, repeatedly while one runs. */
export const evaluationsQuery = (base: string) =>
  queryOptions({
    queryKey: ["knowledge", "evaluations", base],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/knowledge/bases/{base}/evaluations", { params: { path: { base }, query: { limit: 200 } } }),
      ),
    refetchInterval: (query) => (query.state.data?.some(isRunning) ? REFRESH_MS : false),
  });

/** Query an evaluation, repeatedly while it runs. */
export const evaluationQuery = (id: string) =>
  queryOptions({
    queryKey: ["knowledge", "evaluation", id],
    queryFn: () => unwrap(api.GET("/api/v1/knowledge/evaluations/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && isRunning(query.state.data) ? REFRESH_MS : false),
  });

/** Query the results of an evaluation by question. */
export const resultsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["knowledge", "results", id],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/knowledge/evaluations/{id}/results", {
          params: { path: { id }, query: { after: pageParam, limit: RESULTS_PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length === RESULTS_PER_PAGE ? page.at(-1)?.position : undefined),
  });

/** Query the comparison of two evaluations. `metric` orders the changed questions. */
export const comparisonQuery = (a: string, b: string, metric: string | undefined) =>
  queryOptions({
    queryKey: ["knowledge", "comparison", a, b, metric],
    queryFn: () =>
      unwrap(api.GET("/api/v1/knowledge/evaluations/compare", { params: { query: { a, b, metric, changes: 50 } } })),
    placeholderData: keepPreviousData,
  });

/** Accept, reject or edit a question. */
export const reviewQuestion = (base: string, id: string, body: Schema["QuestionReview"]) =>
  unwrap(api.PATCH("/api/v1/knowledge/bases/{base}/questions/{id}", { params: { path: { base, id } }, body }));

/** Add a question, accepted at once. */
export const addQuestion = (base: string, question: Schema["QuestionContent"]) =>
  unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/questions", {
      params: { path: { base } },
      body: { questions: [question] },
    }),
  );

/** Import questions from a CSV or JSON Lines file. */
export function importQuestions(base: string, file: File) {
  const form = new FormData();
  form.append("file", file, file.name);
  return unwrap(
    api.POST("/api/v1/knowledge/bases/{base}/questions/import", {
      params: { path: { base } },
      body: form as never,
      bodySerializer: (body) => body as unknown as FormData,
    }),
  );
}

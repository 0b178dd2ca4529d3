import type { Schema } from "@/api/client";

type ScoredModel = { id: string; name: string; scores?: Record<string, number> };

/** Report of a loop run, as far as the console reads it. Any part may be missing. */
export type Report = {
  steps?: { step: string; seconds: number }[];
  base?: { zero_shot?: ScoredModel; few_shot?: ScoredModel };
  tuned?: ScoredModel;
  comparison?: Schema["EvalComparison"];
  parity?: { equal: boolean; positions: number; largest_difference: number; model: string };
  canary?: Schema["Canary"];
  training?: { run: string; model: string };
  lineage?: { span_id?: string };
  replayed?: string[];
  handbook?: Schema["RagAnswer"][];
};

/** Return the report of a loop run's job. */
export const jobReport = (job: Pick<Schema["Job"], "result">): Report => (job.result ?? {}) as Report;

/** Scores of the table, most important first. Limited to scores of the tuned model. */
const TABLE_SCORES = ["exact_match", "json_valid", "rougeL", "chrf", "bleu"];
export function scoreRows(report: Report): { name: string; values: (number | undefined)[] }[] {
  const scores = [report.base?.zero_shot, report.base?.few_shot, report.tuned].map(
    (modelScores) => modelScores?.scores ?? {},
  );
  const fields = Object.keys(scores[2] ?? {}).filter((name) => name.startsWith("json_fields."));
  const names = [...TABLE_SCORES.filter((name) => scores.some((modelScores) => name in modelScores)), ...fields.sort()];
  return names.map((name) => ({ name, values: scores.map((modelScores) => modelScores[name]) }));
}

/** Return the exact match of the better baseline and of the tuned model. */
export function exactMatchBeforeAndAfter(report: Report): [number | null, number | null] {
  const before = [report.base?.zero_shot, report.base?.few_shot]
    .map((baseline) => baseline?.scores?.exact_match)
    .filter((value): value is number => value !== undefined);
  return [before.length ? Math.max(...before) : null, report.tuned?.scores?.exact_match ?? null];
}

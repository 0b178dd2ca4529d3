import type { S } from "@/api/client";

type Scored = { id: string; name: string; scores?: Record<string, number> };

/** The report of a turn, as far as the console reads it. Every part may still be missing. */
export type Report = {
  steps?: { step: string; seconds: number }[];
  base?: { zero_shot?: Scored; few_shot?: Scored };
  tuned?: Scored;
  comparison?: S["EvalComparison"];
  parity?: { equal: boolean; positions: number; largest_difference: number; model: string };
  canary?: S["Canary"];
  training?: { run: string; model: string };
  lineage?: { span_id?: string };
  replayed?: string[];
  handbook?: S["Answer"][];
};

/** The report of a turn's job. */
export const reportOf = (job: Pick<S["Job"], "result">): Report => (job.result ?? {}) as Report;

/** The scores of the table, those first that say most; only what the tuned model was scored by. */
const SHOWN = ["exact_match", "json_valid", "rougeL", "chrf", "bleu"];
export function rowsOf(report: Report): { name: string; values: (number | undefined)[] }[] {
  const scores = [report.base?.zero_shot, report.base?.few_shot, report.tuned].map((one) => one?.scores ?? {});
  const fields = Object.keys(scores[2] ?? {}).filter((name) => name.startsWith("json_fields."));
  const names = [...SHOWN.filter((name) => scores.some((one) => name in one)), ...fields.sort()];
  return names.map((name) => ({ name, values: scores.map((one) => one[name]) }));
}

/** The better baseline's and the tuned model's exact match. */
export function beforeAndAfter(report: Report): [number | null, number | null] {
  const before = [report.base?.zero_shot, report.base?.few_shot]
    .map((one) => one?.scores?.exact_match)
    .filter((value): value is number => value !== undefined);
  return [before.length ? Math.max(...before) : null, report.tuned?.scores?.exact_match ?? null];
}

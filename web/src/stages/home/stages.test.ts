import { en } from "@/app/i18n/en";
import { formats } from "@/app/i18n/format";
import { ACTIONS, mostImportantScore, stageSummaries } from "./stages";

const emptyOverview = {
  data: { datasets: 0, rows: 0, newest: null },
  training: { running: 0, finished: 0, best: null, best_name: null, best_loss: null },
  evals: { total: 0, running: 0, newest: null, newest_model: null, newest_scores: {} },
  registry: { models: 0, versions: 0, prod: null, newest: null, tried: false },
  serving: { ready: 0, total: 0 },
  gateway: { routes: 0, calls: 0, errors: 0, error_share: null, latency_p50: null },
  knowledge: { bases: 0, documents: 0, chunks: 0 },
  traces: { spans: 0 },
  feedback: { scores: 0, corrections: 0, open_corrections: 0 },
} as never as Parameters<typeof stageSummaries>[0];

test("an empty project shows the empty note in every stage and no zeros", () => {
  const summaries = stageSummaries(emptyOverview, en.home.stage, formats("en"));
  expect(Object.values(summaries).every((summary) => summary.empty && summary.metric === "")).toBe(true);
});

test("the most important score is selected", () => {
  expect(mostImportantScore({ bleu: 30, exact_match: 0.8 })).toEqual(["exact_match", 0.8]);
  expect(mostImportantScore({ own: 1 })).toEqual(["own", 1]);
  expect(mostImportantScore({})).toBeNull();
});

test("every action has texts and a location", () => {
  expect(Object.keys(ACTIONS).sort()).toEqual(Object.keys(en.home.next.actions).sort());
});

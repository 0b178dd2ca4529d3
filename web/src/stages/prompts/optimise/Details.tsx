import { Alert, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LineChart } from "@/components/charts/Line";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { bestSoFar } from "./curve";

type Candidate = Schema["CandidateScore"];

function useColumns(): Column<Candidate>[] {
  const t = useMessages().promptOptimiser;
  const f = useFormats();
  return [
    { id: "number", title: t.candidate, width: "100px", cell: (one) => f.number(one.number) },
    { id: "score", title: t.score, width: "90px", alignRight: true, cell: (one) => f.fixed(one.score, 3) },
    { id: "rows", title: t.rows, width: "70px", alignRight: true, cell: (one) => f.number(one.rows) },
    { id: "examples", title: t.maxExamples, width: "140px", alignRight: true, cell: (one) => f.number(one.examples) },
    { id: "calls", title: t.calls, width: "90px", alignRight: true, cell: (one) => f.number(one.calls) },
    { id: "cost", title: t.cost, width: "90px", alignRight: true, cell: (one) => f.money(one.cost) },
    { id: "instructions", title: t.instructions, width: "minmax(260px, 1fr)", cell: (one) => one.instructions },
  ];
}

function Verdict({ optimisation }: { optimisation: Schema["Optimisation"] }) {
  const t = useMessages().promptOptimiser;
  const f = useFormats();
  const result = optimisation.result;
  if (!result) return null;
  const held = result.held_out;
  if (!held || !result.candidate) return <Alert color="gray">{t.noCandidate}</Alert>;
  return (
    <Alert color={result.improved ? "teal" : "gray"} title={result.improved ? t.better : t.notBetter}>
      <Stack gap={4}>
        <Text size="sm">
          {t.heldOut(held.metric, f.number(held.n))}:{" "}
          {t.difference(
            f.fixed(held.a, 3),
            f.fixed(held.b, 3),
            f.fixed(held.low, 3),
            f.fixed(held.high, 3),
            held.p < 0.001 ? "< 0.001" : f.fixed(held.p, 3),
          )}
        </Text>
        <Link
          to="/prompts/$name"
          params={{ name: optimisation.prompt }}
          search={{
            tab: "versions",
            old: optimisation.base.split("@")[1],
            new: result.candidate.split("@")[1],
          }}
        >
          {t.showDiff}
        </Link>
      </Stack>
    </Alert>
  );
}

/** Show an optimisation: the check on held-out rows, the best score over the cost, and all candidates. */
export function Details({ optimisation }: { optimisation: Schema["Optimisation"] }) {
  const t = useMessages().promptOptimiser;
  const f = useFormats();
  const columns = useColumns();
  const curve = bestSoFar(optimisation.candidates ?? []);
  const stopped = optimisation.result?.stopped_by;
  return (
    <>
      <Verdict optimisation={optimisation} />
      {stopped && <Text size="sm">{t.stopped[stopped]}</Text>}
      {(optimisation.warnings ?? []).map((warning) => (
        <Alert key={warning} color="yellow">
          {warning}
        </Alert>
      ))}
      {curve.x.length > 1 && (
        <Panel title={curve.hasCost ? t.overCost : t.overCalls}>
          <LineChart
            x={curve.x}
            series={[{ label: t.bestScore, values: curve.best, points: true }]}
            label={curve.hasCost ? t.overCost : t.overCalls}
            format={(value) => f.number(value, 3)}
            height={220}
          />
        </Panel>
      )}
      <Panel title={t.candidates} flush>
        <DataGrid
          label={t.candidates}
          columns={columns}
          rows={optimisation.candidates ?? []}
          rowKey={(one) => String(one.number)}
        />
      </Panel>
    </>
  );
}

import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LineChart } from "@/components/charts/Line";
import { type Column, DataGrid } from "@/components/DataGrid";
import { CodeAlternatives } from "@/components/EmptyState";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { LabelBadges } from "../PromptsPage";
import { statisticsQuery } from "../queries";
import { MEASURES, type Measure, toCurves } from "./days";

type Statistics = Schema["PromptStatistics"];
type Row = Statistics["versions"][number];

function Curves({ statistics }: { statistics: Statistics }) {
  const t = useMessages().prompts.traffic;
  const f = useFormats();
  const [measure, setMeasure] = useState<Measure>("calls");
  const { x, curves } = useMemo(() => toCurves(statistics.days, measure), [statistics, measure]);
  const numbers = new Map(statistics.versions.map((one) => [one.version, one.number]));
  const series = useMemo(
    () => curves.map(({ version, values }) => ({ label: version.split("@")[1] ?? version, values })),
    [curves],
  );
  const labelled = series.map((one, index) => ({
    ...one,
    label: t.version(f.number(numbers.get(curves[index]?.version ?? "") ?? 0)),
  }));
  const format = (value: number) =>
    measure === "calls" ? f.number(value) : measure === "cost" ? f.money(value * 1_000_000) : f.duration(value);
  return (
    <Panel
      title={t.overTime}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t.measure}
          data={MEASURES.map((name) => ({ value: name, label: t.measures[name] }))}
          value={measure}
          onChange={(value) => setMeasure(value as Measure)}
        />
      }
    >
      <LineChart x={x} series={labelled} label={t.measures[measure]} time format={format} />
    </Panel>
  );
}

function useColumns(): Column<Row>[] {
  const t = useMessages().prompts.traffic;
  const f = useFormats();
  return [
    {
      id: "version",
      title: t.versionColumn,
      width: "minmax(150px, 1fr)",
      cell: (row) => (
        <Text inherit component="span" style={{ display: "flex", gap: 8 }}>
          {t.version(f.number(row.number))}
          <LabelBadges labels={Object.fromEntries(row.labels.map((label) => [label, row.version]))} />
        </Text>
      ),
    },
    { id: "calls", title: t.measures.calls, width: "90px", alignRight: true, cell: (row) => f.number(row.calls) },
    { id: "users", title: t.users, width: "80px", alignRight: true, cell: (row) => f.number(row.users) },
    {
      id: "errors",
      title: t.errors,
      width: "80px",
      alignRight: true,
      cell: (row) => (row.calls ? f.percent(row.errors / row.calls) : ""),
    },
    {
      id: "cost",
      title: t.costPerCall,
      width: "120px",
      alignRight: true,
      cell: (row) => f.money(row.priced ? (row.cost ?? 0) / row.priced : null),
    },
    {
      id: "p50",
      title: t.measures.latency_p50,
      width: "110px",
      alignRight: true,
      cell: (row) => f.duration(row.latency_p50),
    },
    { id: "p95", title: t.p95, width: "110px", alignRight: true, cell: (row) => f.duration(row.latency_p95) },
    {
      id: "scores",
      title: t.scores,
      width: "minmax(180px, 2fr)",
      cell: (row) =>
        row.scores
          .map(({ name, mean, low, high, n }) => {
            const interval =
              typeof low === "number" && typeof high === "number" ? ` [${f.number(low, 2)}, ${f.number(high, 2)}]` : "";
            return `${name} ${f.number(mean, 2)}${interval}, n = ${f.number(n)}`;
          })
          .join(" · "),
    },
  ];
}

/** Show the calls of each version: number, cost, latency and scores, in total and over time. */
export function TrafficTab({ prompt }: { prompt: Schema["PromptSummary"] }) {
  const t = useMessages().prompts.traffic;
  const columns = useColumns();
  const query = useQuery(statisticsQuery(prompt.name));
  const python = `from openai import OpenAI

OpenAI().responses.create(
    prompt={"id": "${prompt.name}", "variables": {${prompt.variables.map((name) => `"${name}": "…"`).join(", ")}}},
)`;
  return (
    <QueryBoundary query={query}>
      {(statistics) => {
        const used = statistics.versions.filter((one) => one.calls > 0 || one.labels.length > 0);
        if (!statistics.days.length)
          return (
            <Panel title={t.none}>
              <Text size="sm" c="dimmed">
                {t.noneText}
              </Text>
              <CodeAlternatives python={python} />
            </Panel>
          );
        return (
          <>
            <Curves statistics={statistics} />
            <Panel title={t.byVersion} flush>
              <DataGrid label={t.byVersion} columns={columns} rows={used} rowKey={(row) => row.version} />
            </Panel>
          </>
        );
      }}
    </QueryBoundary>
  );
}

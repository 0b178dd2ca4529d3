import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus, Waypoints } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LineChart } from "@/components/charts/Line";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { useNavigateTo } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { GatewayTabs } from "./GatewayTabs";
import c from "./gateway.module.css";
import { NewRouteForm } from "./NewRouteForm";
import { canariesQuery, routesQuery, usageQuery } from "./queries";
import { TrafficSplitBar } from "./TrafficSplitBar";
import { durationMinutes, GROUPINGS, hasLatency, METRICS, RANGES, sumTotals, usageCurves } from "./usage";

const page = getRouteApi("/gateway");
const CLI = "vong gateway routes set support deployment/triage=1";
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.set_route("support", {"deployment/triage": 1})
print(vong.gateway.chat("support", "Hello").text)`;

function useMetricFormats() {
  const f = useFormats();
  return {
    calls: (value: number) => f.number(value, value < 10 ? 2 : 0),
    tokens: (value: number) => f.compact(value),
    cost: (value: number) => f.money(value),
    p50: (value: number) => f.duration(value),
    p95: (value: number) => f.duration(value),
  };
}

function UsageTotals({ totals, latencies }: { totals: Schema["UsageTotals"][]; latencies: boolean }) {
  const t = useMessages().gateway.usage;
  const f = useFormats();
  const metricColumn = (
    id: string,
    title: string,
    cell: (group: Schema["UsageTotals"]) => string,
    width = "96px",
  ): Column<Schema["UsageTotals"]> => ({
    id,
    title,
    width,
    alignRight: true,
    cell,
  });
  const columns: Column<Schema["UsageTotals"]>[] = [
    { id: "group", title: t.name, width: "minmax(180px, 1fr)", cell: (group) => group.group ?? t.unnamed },
    metricColumn("calls", t.calls, (group) => f.number(group.calls)),
    metricColumn("errors", t.errors, (group) => f.number(group.errors), "80px"),
    metricColumn("input", t.input, (group) => f.number(group.input_tokens), "110px"),
    metricColumn("output", t.output, (group) => f.number(group.output_tokens), "110px"),
    metricColumn("cost", t.cost, (group) => f.money(group.cost)),
  ];
  const latencyColumns = [
    metricColumn("p50", t.metrics.p50, (group) => f.duration(group.latency_p50), "124px"),
    metricColumn("p95", t.metrics.p95, (group) => f.duration(group.latency_p95), "124px"),
    metricColumn("first", t.firstToken, (group) => f.duration(group.first_token_p50), "112px"),
  ];
  return (
    <DataGrid
      label={t.title}
      columns={latencies ? [...columns, ...latencyColumns] : columns}
      rows={totals}
      rowKey={(group) => group.group ?? "…"}
      rowHeight={34}
      height={totals.length > 8 ? 320 : undefined}
    />
  );
}

function UsageReport() {
  const t = useMessages().gateway.usage;
  const f = useFormats();
  const { range = "24h", by = "model", metric: requestedMetric = "calls" } = page.useSearch();
  const metric = hasLatency(by) || requestedMetric !== "p50" ? requestedMetric : "calls";
  const navigate = page.useNavigate();
  const formats = useMetricFormats();
  const groupedQuery = useQuery(usageQuery(range, by));
  const totalQuery = useQuery(usageQuery(range, "none"));
  const updateSearch = (values: object) =>
    void navigate({ search: (previous) => ({ ...previous, ...values }), replace: true });
  const totals = sumTotals(totalQuery.data?.totals ?? []);
  const overall = totalQuery.data?.totals?.[0];
  const isLoaded = Boolean(totalQuery.data);
  const latencyCurves = totalQuery.data
    ? {
        x: usageCurves(totalQuery.data, "p50", "").x,
        series: (["p50", "p95"] as const).map((name) => ({
          label: t.metrics[name],
          gaps: true,
          points: true,
          values:
            usageCurves(totalQuery.data, name, "").series[0]?.values ??
            usageCurves(totalQuery.data, name, "").x.map(() => null),
        })),
      }
    : null;
  return (
    <>
      <div className={c.tools}>
        <SegmentedControl
          size="xs"
          aria-label={t.range}
          data={RANGES.map((value) => ({ value, label: t.ranges[value] }))}
          value={range}
          onChange={(value) => updateSearch({ range: value })}
        />
        <SegmentedControl
          size="xs"
          aria-label={t.groupBy}
          data={GROUPINGS.map((value) => ({ value, label: t.groupings[value] }))}
          value={by}
          onChange={(value) => updateSearch({ by: value })}
        />
      </div>
      <Stats
        items={[
          {
            label: t.calls,
            value: isLoaded ? f.number(totals.calls) : "–",
            note: totalQuery.data && t.perMinute(f.number(totals.calls / durationMinutes(totalQuery.data), 2)),
          },
          {
            label: t.errors,
            value: isLoaded ? f.number(totals.errors) : "–",
            note: totals.calls ? f.percent(totals.errors / totals.calls) : undefined,
          },
          { label: t.metrics.p50, value: f.duration(overall?.latency_p50) },
          { label: t.metrics.p95, value: f.duration(overall?.latency_p95) },
          { label: t.metrics.tokens, value: f.compact(totals.input), note: t.outputCount(f.compact(totals.output)) },
          {
            label: t.cost,
            value: f.money(totals.cost),
            note: totals.cost === null ? t.noPrice : t.priced(f.number(totals.priced)),
          },
        ]}
      />
      <div className={c.charts} style={{ gap: "var(--mantine-spacing-md)" }}>
        <Panel
          title={t.chartTitles[metric]}
          actions={
            <SegmentedControl
              size="xs"
              aria-label={t.metric}
              data={METRICS.filter((value) => value !== "p95" && (hasLatency(by) || value !== "p50")).map((value) => ({
                value,
                label: t.metricLabels[value],
              }))}
              value={metric}
              onChange={(value) => updateSearch({ metric: value })}
            />
          }
        >
          <QueryBoundary query={groupedQuery} lines={4}>
            {(usageReport) => (
              <LineChart
                {...usageCurves(usageReport, metric, t.unnamed)}
                label={t.chartTitles[metric]}
                time
                format={formats[metric]}
              />
            )}
          </QueryBoundary>
        </Panel>
        <Panel title={t.latency}>
          {latencyCurves ? (
            <LineChart x={latencyCurves.x} series={latencyCurves.series} label={t.latency} time format={formats.p50} />
          ) : (
            <LoadingPlaceholder lines={4} />
          )}
        </Panel>
      </div>
      <Panel title={t.totals[by]} flush>
        <QueryBoundary query={groupedQuery} lines={3}>
          {(usageReport) =>
            usageReport.totals?.length ? (
              <UsageTotals totals={usageReport.totals} latencies={hasLatency(by)} />
            ) : (
              <Text size="sm" c="dimmed" px={16} pb={16}>
                {t.none}
              </Text>
            )
          }
        </QueryBoundary>
      </Panel>
    </>
  );
}

function RouteList({
  rows,
  query,
}: {
  rows: Schema["Route"][];
  query: { hasNextPage: boolean; fetchNextPage: () => unknown };
}) {
  const t = useMessages().gateway.routes;
  const navigateTo = useNavigateTo();
  const canaryList = useQuery(canariesQuery());
  const routesWithCanary = new Set(
    (canaryList.data ?? []).filter((route) => route.status === "running").map((route) => route.route),
  );
  const columns: Column<Schema["Route"]>[] = [
    {
      id: "name",
      title: t.name,
      width: "minmax(140px, 0.8fr)",
      cell: (route) => (
        <Text inherit fw={500} truncate>
          {route.name}
        </Text>
      ),
    },
    {
      id: "targets",
      title: t.targets,
      width: "minmax(280px, 2fr)",
      cell: (route) => <TrafficSplitBar targets={route.targets} />,
    },
    {
      id: "canary",
      title: t.canary,
      width: "120px",
      cell: (route) => (routesWithCanary.has(route.name) ? <Status state="running" label={t.running} /> : "–"),
    },
    { id: "when", title: t.changed, width: "120px", cell: (route) => <RelativeTime at={route.updated_at} /> },
  ];
  return (
    <Panel title={t.title} flush>
      <DataGrid
        label={t.title}
        columns={columns}
        rows={rows}
        rowKey={(route) => route.name}
        onOpen={(route) => navigateTo({ to: `/gateway/routes/${encodeURIComponent(route.name)}` })}
        hasMore={query.hasNextPage}
        onEnd={() => query.fetchNextPage()}
      />
    </Panel>
  );
}

/** Show the gateway's usage and its routes. */
export default function GatewayPage() {
  const { gateway: t, app } = useMessages();
  const [creating, setCreating] = useState(false);
  const query = useInfiniteQuery(routesQuery());
  const rows = query.data?.pages.flat() ?? [];
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.routes.create}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.gateway} subtitle={t.lead} actions={rows.length > 0 && <Group>{button}</Group>} />
      <GatewayTabs />
      <PageBody>
        {query.isPending ? (
          <LoadingPlaceholder />
        ) : query.isError ? (
          <ErrorAlert error={query.error} onRetry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <EmptyState icon={Waypoints} title={t.empty.title} action={button} cli={CLI} python={PYTHON}>
            {t.empty.text}
          </EmptyState>
        ) : (
          <>
            <UsageReport />
            <RouteList rows={rows} query={query} />
          </>
        )}
      </PageBody>
      {creating && <NewRouteForm onClose={() => setCreating(false)} />}
    </>
  );
}

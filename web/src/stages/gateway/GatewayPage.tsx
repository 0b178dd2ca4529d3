import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus, Waypoints } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await, Failure, Waiting } from "@/components/Await";
import { Line } from "@/components/charts/Line";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { Status } from "@/components/Status";
import { useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import c from "./gateway.module.css";
import { Mix } from "./Mix";
import { NewRoute } from "./NewRoute";
import { canaries, routesList, usage } from "./queries";
import { Tabs } from "./Tabs";
import { curves, GROUPINGS, METRICS, minutes, RANGES, timed, together } from "./usage";

const page = getRouteApi("/gateway");
const CLI = "vong gateway route set support deployment/triage=1";
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.put_route("support", {"deployment/triage": 1})
print(vong.gateway.chat("support", "Hello").text)`;

function useFigures() {
  const f = useFormats();
  return {
    calls: (value: number) => f.number(value, value < 10 ? 2 : 0),
    tokens: (value: number) => f.compact(value),
    cost: (value: number) => f.money(value),
    p50: (value: number) => f.duration(value),
    p95: (value: number) => f.duration(value),
  };
}

function Totals({ totals, latencies }: { totals: S["Consumed"][]; latencies: boolean }) {
  const t = useMessages().gateway.usage;
  const f = useFormats();
  const figure = (
    id: string,
    title: string,
    cell: (one: S["Consumed"]) => string,
    width = "96px",
  ): Column<S["Consumed"]> => ({
    id,
    title,
    width,
    right: true,
    cell,
  });
  const columns: Column<S["Consumed"]>[] = [
    { id: "group", title: t.group, width: "minmax(180px, 1fr)", cell: (one) => one.group ?? t.unnamed },
    figure("calls", t.calls, (one) => f.number(one.calls)),
    figure("errors", t.errors, (one) => f.number(one.errors), "80px"),
    figure("input", t.input, (one) => f.number(one.input_tokens), "110px"),
    figure("output", t.output, (one) => f.number(one.output_tokens), "110px"),
    figure("cost", t.cost, (one) => f.money(one.cost)),
  ];
  const times = [
    figure("p50", t.metrics.p50, (one) => f.duration(one.latency_p50), "124px"),
    figure("p95", t.metrics.p95, (one) => f.duration(one.latency_p95), "124px"),
    figure("first", t.first, (one) => f.duration(one.first_token_p50), "112px"),
  ];
  return (
    <DataGrid
      label={t.title}
      columns={latencies ? [...columns, ...times] : columns}
      rows={totals}
      rowKey={(one) => one.group ?? "…"}
      rowHeight={34}
      height={totals.length > 8 ? 320 : undefined}
    />
  );
}

function Usage() {
  const t = useMessages().gateway.usage;
  const f = useFormats();
  const { range = "24h", by = "model", metric: asked = "calls" } = page.useSearch();
  const metric = timed(by) || asked !== "p50" ? asked : "calls";
  const navigate = page.useNavigate();
  const figures = useFigures();
  const report = useQuery(usage(range, by));
  const whole = useQuery(usage(range, "none"));
  const change = (values: object) => void navigate({ search: (now) => ({ ...now, ...values }), replace: true });
  const all = together(whole.data?.totals ?? []);
  const one = whole.data?.totals?.[0];
  const known = Boolean(whole.data);
  const latency = whole.data
    ? {
        x: curves(whole.data, "p50", "").x,
        series: (["p50", "p95"] as const).map((name) => ({
          label: t.metrics[name],
          gaps: true,
          points: true,
          values: curves(whole.data, name, "").series[0]?.values ?? curves(whole.data, name, "").x.map(() => null),
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
          onChange={(value) => change({ range: value })}
        />
        <SegmentedControl
          size="xs"
          aria-label={t.by}
          data={GROUPINGS.map((value) => ({ value, label: t.groupings[value] }))}
          value={by}
          onChange={(value) => change({ by: value })}
        />
      </div>
      <Stats
        items={[
          {
            label: t.calls,
            value: known ? f.number(all.calls) : "–",
            note: whole.data && t.rate(f.number(all.calls / minutes(whole.data), 2)),
          },
          {
            label: t.errors,
            value: known ? f.number(all.errors) : "–",
            note: all.calls ? f.percent(all.errors / all.calls) : undefined,
          },
          { label: t.metrics.p50, value: f.duration(one?.latency_p50) },
          { label: t.metrics.p95, value: f.duration(one?.latency_p95) },
          { label: t.metrics.tokens, value: f.compact(all.input), note: t.out(f.compact(all.output)) },
          {
            label: t.cost,
            value: f.money(all.cost),
            note: all.cost === null ? t.noPrice : t.priced(f.number(all.priced)),
          },
        ]}
      />
      <div className={c.charts} style={{ gap: "var(--mantine-spacing-md)" }}>
        <Panel
          title={t.over[metric]}
          actions={
            <SegmentedControl
              size="xs"
              aria-label={t.metric}
              data={METRICS.filter((value) => value !== "p95" && (timed(by) || value !== "p50")).map((value) => ({
                value,
                label: t.short[value],
              }))}
              value={metric}
              onChange={(value) => change({ metric: value })}
            />
          }
        >
          <Await query={report} lines={4}>
            {(found) => (
              <Line {...curves(found, metric, t.unnamed)} label={t.over[metric]} time format={figures[metric]} />
            )}
          </Await>
        </Panel>
        <Panel title={t.latency}>
          {latency ? (
            <Line x={latency.x} series={latency.series} label={t.latency} time format={figures.p50} />
          ) : (
            <Waiting lines={4} />
          )}
        </Panel>
      </div>
      <Panel title={t.totals[by]} flush>
        <Await query={report} lines={3}>
          {(found) =>
            found.totals?.length ? (
              <Totals totals={found.totals} latencies={timed(by)} />
            ) : (
              <Text size="sm" c="dimmed" px={16} pb={16}>
                {t.none}
              </Text>
            )
          }
        </Await>
      </Panel>
    </>
  );
}

function Routes({
  rows,
  query,
}: {
  rows: S["Route"][];
  query: { hasNextPage: boolean; fetchNextPage: () => unknown };
}) {
  const t = useMessages().gateway.routes;
  const go = useGo();
  const tests = useQuery(canaries());
  const running = new Set((tests.data ?? []).filter((one) => one.status === "running").map((one) => one.route));
  const columns: Column<S["Route"]>[] = [
    {
      id: "name",
      title: t.name,
      width: "minmax(140px, 0.8fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.name}
        </Text>
      ),
    },
    { id: "targets", title: t.targets, width: "minmax(280px, 2fr)", cell: (one) => <Mix targets={one.targets} /> },
    {
      id: "canary",
      title: t.canary,
      width: "120px",
      cell: (one) => (running.has(one.name) ? <Status state="running" label={t.running} /> : "–"),
    },
    { id: "when", title: t.changed, width: "120px", cell: (one) => <When at={one.updated_at} /> },
  ];
  return (
    <Panel title={t.title} flush>
      <DataGrid
        label={t.title}
        columns={columns}
        rows={rows}
        rowKey={(one) => one.name}
        onOpen={(one) => go({ to: `/gateway/routes/${encodeURIComponent(one.name)}` })}
        more={query.hasNextPage}
        onEnd={() => query.fetchNextPage()}
      />
    </Panel>
  );
}

/** The gateway: what goes through it, and the routes that lead to models. */
export default function GatewayPage() {
  const { gateway: t, app } = useMessages();
  const [making, setMaking] = useState(false);
  const query = useInfiniteQuery(routesList());
  const rows = query.data?.pages.flat() ?? [];
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      {t.routes.make}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.gateway} sub={t.lead} actions={rows.length > 0 && <Group>{button}</Group>} />
      <Tabs />
      <PageBody>
        {query.isPending ? (
          <Waiting />
        ) : query.isError ? (
          <Failure error={query.error} again={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <EmptyState icon={Waypoints} title={t.empty.title} action={button} cli={CLI} python={PYTHON}>
            {t.empty.text}
          </EmptyState>
        ) : (
          <>
            <Usage />
            <Routes rows={rows} query={query} />
          </>
        )}
      </PageBody>
      {making && <NewRoute onClose={() => setMaking(false)} />}
    </>
  );
}

import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Gauge, Plus } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import type { Column } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { ListTable } from "@/components/ListTable";
import { PageHeader } from "@/components/Page";
import { Status } from "@/components/Status";
import { type Monitor, monitorsQuery } from "./queries";

const CLI = "vong evals monitors create support --route support --scorer judge:name=helpful --share 0.1";
const PYTHON = `from vong.client import Client

Client().evals.monitors.create("support", ["judge:name=helpful"], filter={"route": "support"})`;

/** Show the state of a monitor. */
export function MonitorState({ monitor }: { monitor: Monitor }) {
  const { monitors: t } = useMessages();
  if (!monitor.enabled) return <Status state="stopped" label={t.paused} />;
  if (monitor.blocked) return <Status state="cancelled" label={t.blocked} />;
  return <Status state="running" label={t.running} />;
}

/** Return the filter of a monitor as text. */
export function describeFilter(monitor: Monitor): string {
  return Object.values(monitor.settings.filter ?? {})
    .filter(Boolean)
    .join(" · ");
}

function useColumns(): Column<Monitor>[] {
  const { monitors: t } = useMessages();
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.monitor,
      width: "minmax(140px, 1fr)",
      cell: (monitor) => (
        <Text inherit fw={500} truncate>
          {monitor.name}
        </Text>
      ),
    },
    { id: "state", title: t.state, width: "110px", cell: (monitor) => <MonitorState monitor={monitor} /> },
    {
      id: "scope",
      title: t.scope,
      width: "minmax(140px, 1fr)",
      cell: (monitor) => describeFilter(monitor) || t.allCalls,
    },
    {
      id: "scored",
      title: t.scored,
      width: "90px",
      alignRight: true,
      cell: (monitor) => f.number(monitor.scored),
    },
    {
      id: "hour",
      title: t.hour,
      width: "110px",
      alignRight: true,
      cell: (monitor) => `${f.number(monitor.hour)} / ${f.number(monitor.settings.max_per_hour)}`,
    },
    {
      id: "today",
      title: t.today,
      width: "140px",
      alignRight: true,
      cell: (monitor) => `${f.money(monitor.cost_today)} / ${f.money(monitor.settings.daily_budget)}`,
    },
    {
      id: "alarms",
      title: t.alarms,
      width: "90px",
      alignRight: true,
      cell: (monitor) => (monitor.open_alarms ? <Status state="error" label={f.number(monitor.open_alarms)} /> : "–"),
    },
    {
      id: "reviews",
      title: t.toReview,
      width: "100px",
      alignRight: true,
      cell: (monitor) => f.number(monitor.open_reviews),
    },
  ];
}

/** Show all monitors. */
export default function MonitorsPage() {
  const { monitors: t, app } = useMessages();
  const navigate = useNavigate();
  const query = useQuery(monitorsQuery);
  const columns = useColumns();
  const button = (
    <Button component={Link} to="/evals/monitors/new" size="sm" leftSection={<Plus size={15} aria-hidden />}>
      {t.new}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.title}
        subtitle={t.lead}
        breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={
          <>
            <Button component={Link} to="/evals/reviews" size="sm" variant="default">
              {t.reviews}
            </Button>
            {query.data?.length ? button : null}
          </>
        }
      />
      <ListTable
        query={query}
        label={t.title}
        columns={columns}
        rowKey={(monitor) => monitor.id}
        onOpen={(monitor) => navigate({ to: "/evals/monitors/$name", params: { name: monitor.name } })}
        empty={
          <EmptyState icon={Gauge} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
            {t.emptyText}
          </EmptyState>
        }
      />
    </>
  );
}

import { Button, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Rocket } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import { ThingLink, useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import { DeployForm } from "./DeployForm";
import { calledBy } from "./deployment";
import { calls, deployments } from "./queries";
import c from "./serving.module.css";

const route = getRouteApi("/serving");
const CLI = "vong serving deploy triage --model triage:prod";
const PYTHON = `from vong.client import Client

vong = Client()
vong.serving.deploy("triage", model="triage:prod")
vong.serving.wait("triage")`;

function useColumns(): Column<S["Deployment"]>[] {
  const t = useMessages().serving;
  const f = useFormats();
  const usage = useQuery(calls()).data?.totals;
  return [
    {
      id: "name",
      title: t.list.name,
      width: "minmax(130px, 1fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.name}
        </Text>
      ),
    },
    {
      id: "state",
      title: t.list.state,
      width: "minmax(190px, 1.4fr)",
      cell: (one) => (
        <>
          <Status state={one.state} label={t.state[one.state]} />
          {one.reason && (
            <span className={c.reason} title={one.reason}>
              {one.reason}
            </span>
          )}
        </>
      ),
    },
    {
      id: "model",
      title: t.list.model,
      width: "minmax(210px, 1.4fr)",
      cell: (one) => <ThingLink kind="model" of={one.model} />,
    },
    { id: "engine", title: t.list.engine, width: "112px", cell: (one) => one.engine },
    { id: "memory", title: t.list.memory, width: "96px", right: true, cell: (one) => f.bytes(one.memory) },
    {
      id: "calls",
      title: t.list.calls,
      width: "96px",
      right: true,
      cell: (one) => f.number(usage?.find((group) => group.group === calledBy(one.name))?.calls),
    },
    { id: "restarts", title: t.list.restarts, width: "80px", right: true, cell: (one) => f.number(one.restarts) },
    { id: "since", title: t.list.since, width: "108px", cell: (one) => <When at={one.updated_at} /> },
  ];
}

/** What is served: every deployment, how it stands and why, and a way to serve another. */
export default function ServingPage() {
  const { serving: t, app } = useMessages();
  const { deploy } = route.useSearch();
  const navigate = route.useNavigate();
  const go = useGo();
  const columns = useColumns();
  const query = useInfiniteQuery(deployments());
  const rows = query.data?.pages.flat() ?? [];
  const button = (
    <Button
      size="sm"
      leftSection={<Rocket size={15} aria-hidden />}
      onClick={() => void navigate({ search: { deploy: "" } })}
    >
      {t.deploy}
    </Button>
  );
  const open = (name: string) => `/serving/${encodeURIComponent(name)}`;
  return (
    <>
      <PageHeader title={app.nav.serving} sub={t.lead} actions={rows.length > 0 && button} />
      <PageBody>
        {query.isPending ? (
          <Waiting />
        ) : query.isError ? (
          <Failure error={query.error} again={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <EmptyState icon={Rocket} title={t.empty.title} action={button} cli={CLI} python={PYTHON}>
            {t.empty.text}
          </EmptyState>
        ) : (
          <Panel flush>
            <DataGrid
              label={app.nav.serving}
              columns={columns}
              rows={rows}
              rowKey={(one) => one.name}
              onOpen={(one) => go({ to: open(one.name) })}
              more={query.hasNextPage}
              loading={query.isFetchingNextPage}
              onEnd={() => query.fetchNextPage()}
            />
          </Panel>
        )}
      </PageBody>
      {deploy !== undefined && !query.isPending && (
        <DeployForm
          key={deploy}
          model={deploy}
          taken={rows.map((one) => one.name)}
          onClose={() => void navigate({ search: {} })}
          onStarted={({ deployment, job }) =>
            go({ to: open(deployment.name), search: job ? { job: job.id } : undefined })
          }
        />
      )}
    </>
  );
}

import { Button, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Rocket } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { EntityLink, useNavigateTo } from "@/components/EntityLink";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { DeployForm } from "./DeployForm";
import { deploymentModelName } from "./deployment";
import { callsQuery, deploymentsQuery } from "./queries";
import c from "./serving.module.css";

const route = getRouteApi("/serving");
const CLI = "vong serving deploy triage --model triage:prod";
const PYTHON = `from vong.client import Client

vong = Client()
vong.serving.deploy("triage", model="triage:prod")
vong.serving.wait("triage")`;

function useColumns(): Column<Schema["Deployment"]>[] {
  const t = useMessages().serving;
  const f = useFormats();
  const usage = useQuery(callsQuery()).data?.totals;
  return [
    {
      id: "name",
      title: t.list.name,
      width: "minmax(130px, 1fr)",
      cell: (deployment) => (
        <Text inherit fw={500} truncate>
          {deployment.name}
        </Text>
      ),
    },
    {
      id: "state",
      title: t.list.state,
      width: "minmax(190px, 1.4fr)",
      cell: (deployment) => (
        <>
          <Status state={deployment.state} label={t.state[deployment.state]} />
          {deployment.reason && (
            <span className={c.reason} title={deployment.reason}>
              {deployment.reason}
            </span>
          )}
        </>
      ),
    },
    {
      id: "model",
      title: t.list.model,
      width: "minmax(210px, 1.4fr)",
      cell: (deployment) => <EntityLink kind="model" entityRef={deployment.model} />,
    },
    { id: "engine", title: t.list.engine, width: "112px", cell: (deployment) => deployment.engine },
    {
      id: "memory",
      title: t.list.memory,
      width: "96px",
      alignRight: true,
      cell: (deployment) => f.bytes(deployment.memory),
    },
    {
      id: "calls",
      title: t.list.calls,
      width: "96px",
      alignRight: true,
      cell: (deployment) =>
        f.number(usage?.find((group) => group.group === deploymentModelName(deployment.name))?.calls),
    },
    {
      id: "restarts",
      title: t.list.restarts,
      width: "80px",
      alignRight: true,
      cell: (deployment) => f.number(deployment.restarts),
    },
    {
      id: "since",
      title: t.list.since,
      width: "108px",
      cell: (deployment) => <RelativeTime at={deployment.updated_at} />,
    },
  ];
}

/** Show all deployments with their states, and a button to deploy a model. */
export default function ServingPage() {
  const { serving: t, app } = useMessages();
  const { deploy: deployRef } = route.useSearch();
  const navigate = route.useNavigate();
  const navigateTo = useNavigateTo();
  const columns = useColumns();
  const query = useInfiniteQuery(deploymentsQuery());
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
  const deploymentPath = (name: string) => `/serving/${encodeURIComponent(name)}`;
  return (
    <>
      <PageHeader title={app.nav.serving} subtitle={t.lead} actions={rows.length > 0 && button} />
      <PageBody>
        {query.isPending ? (
          <LoadingPlaceholder />
        ) : query.isError ? (
          <ErrorAlert error={query.error} onRetry={() => query.refetch()} />
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
              rowKey={(deployment) => deployment.name}
              onOpen={(deployment) => navigateTo({ to: deploymentPath(deployment.name) })}
              hasMore={query.hasNextPage}
              loading={query.isFetchingNextPage}
              onEnd={() => query.fetchNextPage()}
            />
          </Panel>
        )}
      </PageBody>
      {deployRef !== undefined && !query.isPending && (
        <DeployForm
          key={deployRef}
          model={deployRef}
          takenNames={rows.map((deployment) => deployment.name)}
          onClose={() => void navigate({ search: {} })}
          onStarted={({ deployment, job }) =>
            navigateTo({ to: deploymentPath(deployment.name), search: job ? { job: job.id } : undefined })
          }
        />
      )}
    </>
  );
}

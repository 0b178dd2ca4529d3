import { Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Pause, Pencil, Play, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Meter } from "@/components/charts/Bars";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink, LocationLink } from "@/components/EntityLink";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { policyState } from "./policies";
import { loopPolicyQuery, loopPolicyRunsQuery } from "./queries";
import c from "./release.module.css";

const page = getRouteApi("/loop/policies/$name");
type PolicyStatus = Schema["PolicyStatus"];

function Actions({ status }: { status: PolicyStatus }) {
  const { policies: t, policyForm } = useMessages();
  const client = useQueryClient();
  const { name, paused } = status.policy;
  const params = { path: { name } };
  const done = { onError: notifyError, onSettled: () => client.invalidateQueries({ queryKey: ["loop"] }) };
  const toggle = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/loop/policies/{name}/{action}", {
          params: { path: { name, action: paused ? "resume" : "pause" } },
        }),
      ),
    ...done,
  });
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/loop/policies/{name}/runs", { params })),
    onSuccess: (run) => notifySuccess(t.started(run.number)),
    ...done,
  });
  return (
    <>
      <Button
        component={Link}
        to="/loop/policies/$name/edit"
        params={{ name } as never}
        size="xs"
        variant="default"
        leftSection={<Pencil size={13} aria-hidden />}
      >
        {policyForm.edit}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
        loading={toggle.isPending}
        onClick={() => toggle.mutate()}
      >
        {paused ? t.resume : t.pause}
      </Button>
      <Button
        size="xs"
        leftSection={<RefreshCw size={14} aria-hidden />}
        disabled={Boolean(status.active_run)}
        loading={start.isPending}
        onClick={() => start.mutate()}
      >
        {t.start}
      </Button>
    </>
  );
}

function Triggers({ status }: { status: PolicyStatus }) {
  const t = useMessages().policies;
  return (
    <Panel title={t.triggers}>
      <dl className={c.rails}>
        {status.triggers.map((trigger) => (
          <div key={trigger.kind}>
            <dt>
              <span>{t.kinds[trigger.kind]}</span>
              {trigger.is_due && <Status state="running" label={t.due} />}
            </dt>
            <dd>
              {trigger.needed != null && (
                <Meter
                  value={Math.min(1, (trigger.value ?? 0) / trigger.needed)}
                  label={trigger.detail}
                  color="--series-1"
                />
              )}
              {trigger.detail}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function Runs({ name }: { name: string }) {
  const t = useMessages().policies;
  const f = useFormats();
  const navigate = useNavigate();
  const query = useQuery(loopPolicyRunsQuery(name));
  const columns: Column<Schema["PolicyRun"]>[] = [
    { id: "number", title: t.number, width: "60px", alignRight: true, cell: (run) => f.number(run.number) },
    { id: "trigger", title: t.trigger, width: "minmax(120px, 0.8fr)", cell: (run) => t.kinds[run.trigger.kind] },
    {
      id: "status",
      title: t.status,
      width: "140px",
      cell: (run) => <Status state={run.status} label={t.statuses[run.status]} />,
    },
    { id: "reason", title: t.reason, width: "minmax(160px, 2fr)", cell: (run) => run.reason ?? "" },
    { id: "minutes", title: t.minutes, width: "80px", alignRight: true, cell: (run) => f.number(run.minutes, 1) },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (run) => <RelativeTime at={run.created_at} />,
    },
  ];
  return (
    <Panel title={t.runs} flush>
      <QueryBoundary query={query}>
        {(list) =>
          list.length ? (
            <DataGrid
              label={t.runs}
              columns={columns}
              rows={list}
              rowKey={(run) => run.id}
              onOpen={(run) => navigate({ to: "/loop/policy-runs/$id", params: { id: run.id } })}
            />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noRuns}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

function Detail({ status }: { status: PolicyStatus }) {
  const { policies: t, app } = useMessages();
  const f = useFormats();
  const { policy } = status;
  const { definition, consent } = policy;
  const state = policyState(status);
  const items: [ReactNode, ReactNode][] = [
    [
      t.route,
      <LocationLink key="route" to={`/gateway/routes/${encodeURIComponent(definition.route)}`}>
        {definition.route}
      </LocationLink>,
    ],
    [t.dataset, <EntityLink key="dataset" kind="dataset" entityRef={definition.dataset} />],
    [
      t.suite,
      <LocationLink key="suite" to={`/evals/suites/${encodeURIComponent(definition.suite.split("@")[0] as string)}`}>
        {definition.suite}
      </LocationLink>,
    ],
    [t.gate, definition.gate ?? t.noGate],
    [t.model, definition.training.model],
    [t.budget, t.budgetMinutes(f.number(definition.budget?.minutes ?? 240))],
    [t.coolDown, definition.cool_down ?? "1h"],
    ...(status.waits_until
      ? ([[t.waitsUntil, <RelativeTime key="waits" at={status.waits_until} />]] as [ReactNode, ReactNode][])
      : []),
    [
      t.consent,
      <span key="consent">
        {t.consentBy(consent.by, consent.role)}, <RelativeTime at={consent.at} />
      </span>,
    ],
  ];
  return (
    <>
      <PageHeader
        title={policy.name}
        badge={<Status state={state} label={t.states[state]} />}
        breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]}
        actions={<Actions status={status} />}
      />
      <PageBody>
        <Columns
          main={
            <>
              <Triggers status={status} />
              <Runs name={policy.name} />
            </>
          }
          side={
            <>
              <Panel title={t.policy}>
                <Facts items={items} />
              </Panel>
              <Panel title={t.definition}>
                <JsonBlock value={definition} height={320} label={t.definition} />
              </Panel>
            </>
          }
        />
      </PageBody>
    </>
  );
}

/** Show a loop policy: triggers, runs and consent. */
export default function PolicyPage() {
  const { name } = page.useParams();
  const query = useQuery(loopPolicyQuery(name));
  return (
    <>
      {query.isError && <PageHeader title={name} />}
      <QueryBoundary query={query} lines={10}>
        {(status) => <Detail status={status} />}
      </QueryBoundary>
    </>
  );
}

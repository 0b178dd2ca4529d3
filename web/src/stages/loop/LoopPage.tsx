import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { RefreshCw, ShieldCheck } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { PoliciesPanel } from "./PoliciesPanel";
import { canariesQuery, loopRunsQuery } from "./queries";
import { ReleasesPanel } from "./ReleasesPanel";
import { exactMatchBeforeAndAfter, jobReport } from "./report";

const CLI = "vong loop runs start";
const PYTHON = `from vong.client import Client

job = Client().loop.start_run()`;

function useRunColumns(): Column<Schema["Job"]>[] {
  const { loop: t, app } = useMessages();
  const f = useFormats();
  const steps = t.run.stepNames as Record<string, string>;
  const loopPlan = (job: Schema["Job"]) => (job.params.plan ?? {}) as { name?: string; dataset?: string };
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(160px, 1fr)",
      cell: (job) => (
        <Text inherit fw={500} truncate>
          {loopPlan(job).name} · {loopPlan(job).dataset}
        </Text>
      ),
    },
    {
      id: "status",
      title: t.status,
      width: "130px",
      cell: (job) => <Status state={job.status} label={app.job[job.status]} />,
    },
    {
      id: "step",
      title: t.step,
      width: "minmax(140px, 1fr)",
      cell: (job) => (job.status === "finished" ? "" : (steps[job.progress.message] ?? job.progress.message)),
    },
    {
      id: "before",
      title: t.before,
      width: "90px",
      alignRight: true,
      cell: (job) => f.fixed(exactMatchBeforeAndAfter(jobReport(job))[0], 3),
    },
    {
      id: "after",
      title: t.after,
      width: "90px",
      alignRight: true,
      cell: (job) => f.fixed(exactMatchBeforeAndAfter(jobReport(job))[1], 3),
    },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (job) => <RelativeTime at={job.created_at} />,
    },
  ];
}

function useCanaryColumns(): Column<Schema["Canary"]>[] {
  const t = useMessages().loop;
  const f = useFormats();
  const statusLabels = t.statuses as Record<string, string>;
  return [
    { id: "route", title: t.route, width: "minmax(110px, 1fr)", cell: (canary) => canary.route },
    { id: "candidate", title: t.candidate, width: "minmax(150px, 1.2fr)", cell: (canary) => canary.candidate },
    {
      id: "status",
      title: t.status,
      width: "150px",
      cell: (canary) => <Status state={canary.status} label={statusLabels[canary.status]} />,
    },
    { id: "pairs", title: t.pairs, width: "80px", alignRight: true, cell: (canary) => f.number(canary.evidence.pairs) },
    {
      id: "evidence",
      title: t.evidence,
      width: "130px",
      alignRight: true,
      cell: (canary) =>
        `${f.number(Math.max(canary.evidence.e_better, canary.evidence.e_worse), 1)} / ${f.number(canary.evidence.threshold)}`,
    },
    {
      id: "decided",
      title: t.decided,
      width: "minmax(110px, 0.8fr)",
      cell: (canary) => (canary.decided_by === "evidence" ? t.byEvidence : (canary.decided_by ?? "")),
    },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (canary) => <RelativeTime at={canary.decided_at ?? canary.started_at} />,
    },
  ];
}

/** Show the canaries. With `quiet`, show nothing if there are none. */
function Canaries({ hideIfEmpty }: { hideIfEmpty?: boolean }) {
  const t = useMessages().loop;
  const navigate = useNavigate();
  const columns = useCanaryColumns();
  const query = useQuery(canariesQuery());
  if (hideIfEmpty && !query.data?.length) return null;
  return (
    <Panel title={t.canaries} flush>
      <QueryBoundary query={query}>
        {(list) =>
          list.length ? (
            <DataGrid
              label={t.canaries}
              columns={columns}
              rows={list}
              rowKey={(canary) => canary.id}
              onOpen={(canary) =>
                navigate({ to: "/gateway/routes/$name", params: { name: canary.route }, search: { canary: canary.id } })
              }
            />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noCanaries}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

/** Show the loop runs and the canaries. */
export default function LoopPage() {
  const { loop: t, app, releases } = useMessages();
  const navigate = useNavigate();
  const columns = useRunColumns();
  const query = useQuery(loopRunsQuery());
  const button = (
    <Button component={Link} to="/loop/new" size="sm" leftSection={<RefreshCw size={15} aria-hidden />}>
      {t.start}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={app.nav.loop}
        subtitle={t.lead}
        actions={
          <>
            <Button
              component={Link}
              to="/loop/gates"
              size="sm"
              variant="default"
              leftSection={<ShieldCheck size={15} aria-hidden />}
            >
              {releases.openGates}
            </Button>
            {query.data && query.data.length > 0 && button}
          </>
        }
      />
      <QueryBoundary query={query}>
        {(loopRuns) =>
          loopRuns.length ? (
            <PageBody>
              <Panel title={t.runs} flush>
                <DataGrid
                  label={t.runs}
                  columns={columns}
                  rows={loopRuns}
                  rowKey={(job) => job.id}
                  onOpen={(job) => navigate({ to: "/loop/runs/$id", params: { id: job.id } })}
                />
              </Panel>
              <PoliciesPanel />
              <ReleasesPanel />
              <Canaries />
            </PageBody>
          ) : (
            <>
              <EmptyState icon={RefreshCw} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.emptyText}
              </EmptyState>
              <PageBody>
                <PoliciesPanel />
                <ReleasesPanel />
                <Canaries hideIfEmpty />
              </PageBody>
            </>
          )
        }
      </QueryBoundary>
    </>
  );
}

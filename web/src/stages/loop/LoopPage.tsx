import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import { When } from "@/components/When";
import { canariesQuery, turnsQuery } from "./queries";
import { beforeAndAfter, reportOf } from "./report";

const CLI = "vong loop turn start";
const PYTHON = `from vong.client import Client

job = Client().loop.start_turn()`;

function useTurnColumns(): Column<S["Job"]>[] {
  const { loop: t, app } = useMessages();
  const f = useFormats();
  const steps = t.turn.stepNames as Record<string, string>;
  const plan = (job: S["Job"]) => (job.params.plan ?? {}) as { name?: string; dataset?: string };
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(160px, 1fr)",
      cell: (job) => (
        <Text inherit fw={500} truncate>
          {plan(job).name} · {plan(job).dataset}
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
      right: true,
      cell: (job) => f.fixed(beforeAndAfter(reportOf(job))[0], 3),
    },
    {
      id: "after",
      title: t.after,
      width: "90px",
      right: true,
      cell: (job) => f.fixed(beforeAndAfter(reportOf(job))[1], 3),
    },
    { id: "when", title: t.when, width: "120px", right: true, cell: (job) => <When at={job.created_at} /> },
  ];
}

function useCanaryColumns(): Column<S["Canary"]>[] {
  const t = useMessages().loop;
  const f = useFormats();
  const said = t.statuses as Record<string, string>;
  return [
    { id: "route", title: t.route, width: "minmax(110px, 1fr)", cell: (one) => one.route },
    { id: "candidate", title: t.candidate, width: "minmax(150px, 1.2fr)", cell: (one) => one.candidate },
    {
      id: "status",
      title: t.status,
      width: "150px",
      cell: (one) => <Status state={one.status} label={said[one.status]} />,
    },
    { id: "pairs", title: t.pairs, width: "80px", right: true, cell: (one) => f.number(one.evidence.pairs) },
    {
      id: "evidence",
      title: t.evidence,
      width: "130px",
      right: true,
      cell: (one) =>
        `${f.number(Math.max(one.evidence.e_better, one.evidence.e_worse), 1)} / ${f.number(one.evidence.threshold)}`,
    },
    {
      id: "decided",
      title: t.decided,
      width: "minmax(110px, 0.8fr)",
      cell: (one) => (one.decided_by === "evidence" ? t.byEvidence : (one.decided_by ?? "")),
    },
    {
      id: "when",
      title: t.when,
      width: "120px",
      right: true,
      cell: (one) => <When at={one.decided_at ?? one.started_at} />,
    },
  ];
}

/** The canaries; `quiet` shows nothing where there is none. */
function Canaries({ quiet }: { quiet?: boolean }) {
  const t = useMessages().loop;
  const navigate = useNavigate();
  const columns = useCanaryColumns();
  const query = useQuery(canariesQuery());
  if (quiet && !query.data?.length) return null;
  return (
    <Panel title={t.canaries} flush>
      <Await query={query}>
        {(found) =>
          found.length ? (
            <DataGrid
              label={t.canaries}
              columns={columns}
              rows={found}
              rowKey={(one) => one.id}
              onOpen={(one) =>
                navigate({ to: "/gateway/routes/$name", params: { name: one.route }, search: { canary: one.id } })
              }
            />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noCanaries}
            </Text>
          )
        }
      </Await>
    </Panel>
  );
}

/** The turns of the loop and the canaries that decided. */
export default function LoopPage() {
  const { loop: t, app } = useMessages();
  const navigate = useNavigate();
  const columns = useTurnColumns();
  const query = useQuery(turnsQuery());
  const button = (
    <Button component={Link} to="/loop/new" size="sm" leftSection={<RefreshCw size={15} aria-hidden />}>
      {t.start}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.loop} sub={t.lead} actions={query.data && query.data.length > 0 && button} />
      <Await query={query}>
        {(turns) =>
          turns.length ? (
            <PageBody>
              <Panel title={t.turns} flush>
                <DataGrid
                  label={t.turns}
                  columns={columns}
                  rows={turns}
                  rowKey={(job) => job.id}
                  onOpen={(job) => navigate({ to: "/loop/turns/$id", params: { id: job.id } })}
                />
              </Panel>
              <Canaries />
            </PageBody>
          ) : (
            <>
              <EmptyState icon={RefreshCw} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.emptyText}
              </EmptyState>
              <PageBody>
                <Canaries quiet />
              </PageBody>
            </>
          )
        }
      </Await>
    </>
  );
}

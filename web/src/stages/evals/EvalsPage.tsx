import { Button, Checkbox, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { FlaskConical, GitCompare, Plus } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { runsQuery } from "./queries";
import { ScoreChips } from "./ScoreChips";

type EvalRun = Schema["EvalResult"];
const CLI = "vong evals run --model deployment/tuned --dataset tickets --scorer exact_match";
const PYTHON = `from vong.client import Client

run = Client().evals.run("deployment/tuned", "tickets", scorers=["exact_match"])`;

function useColumns(selectedIds: string[], toggleSelected: (id: string) => void): Column<EvalRun>[] {
  const { evals: t, app } = useMessages();
  const f = useFormats();
  return [
    {
      id: "choose",
      title: t.choose,
      width: "76px",
      cell: (run) => (
        <Checkbox
          size="xs"
          aria-label={t.chosen(run.name)}
          checked={selectedIds.includes(run.id)}
          onChange={() => toggleSelected(run.id)}
          onClick={(event) => event.stopPropagation()}
        />
      ),
    },
    {
      id: "name",
      title: t.name,
      width: "minmax(180px, 1.2fr)",
      cell: (run) => (
        <Text inherit fw={500} truncate>
          {run.name}
        </Text>
      ),
    },
    {
      id: "status",
      title: app.status,
      width: "116px",
      cell: (run) => <Status state={run.status} label={(app.job as Record<string, unknown>)[run.status] as string} />,
    },
    { id: "model", title: t.model, width: "minmax(130px, 1fr)", cell: (run) => run.model },
    {
      id: "dataset",
      title: t.dataset,
      width: "minmax(150px, 1fr)",
      cell: (run) => `${run.dataset.replace(/(@.{8}).*/, "$1")} · ${run.split}`,
    },
    {
      id: "scores",
      title: t.scores,
      width: "minmax(250px, 1.2fr)",
      cell: (run) => <ScoreChips scores={run.scores} maxScores={2} />,
    },
    {
      id: "examples",
      title: t.examples,
      width: "92px",
      alignRight: true,
      cell: (run) =>
        run.done === run.examples ? f.number(run.done) : `${f.number(run.done)} / ${f.number(run.examples)}`,
    },
    {
      id: "when",
      title: t.when,
      width: "110px",
      alignRight: true,
      cell: (run) => <RelativeTime at={run.created_at} />,
    },
  ];
}

/** Show all evaluations, newest first. Two of them can be compared. */
export default function EvalsPage() {
  const { evals: t, judges, monitors, suites, app } = useMessages();
  const navigate = useNavigate();
  const [selectedIds, setSelectedIds] = useState<string[]>([]);
  const query = useInfiniteQuery(runsQuery());
  const rows = query.data?.pages.flat() ?? [];
  const toggleSelected = (id: string) =>
    setSelectedIds((previous) =>
      previous.includes(id) ? previous.filter((a) => a !== id) : [...previous, id].slice(-2),
    );
  const columns = useColumns(selectedIds, toggleSelected);
  const [first, second] = [...selectedIds].sort(
    (a, b) => rows.findIndex((row) => row.id === b) - rows.findIndex((row) => row.id === a),
  );
  const button = (
    <Button component={Link} to="/evals/new" size="sm" leftSection={<Plus size={15} aria-hidden />}>
      {t.new}
    </Button>
  );
  const compare = (
    <Button
      size="sm"
      variant="default"
      leftSection={<GitCompare size={15} aria-hidden />}
      disabled={!first || !second}
      title={t.compareHint}
      onClick={() => navigate({ to: "/evals/compare", search: { a: first, b: second } })}
    >
      {t.compare}
    </Button>
  );
  const hasRows = rows.length > 0;
  return (
    <>
      <PageHeader
        title={app.nav.evals}
        subtitle={t.lead}
        actions={
          <>
            <Button component={Link} to="/evals/suites" size="sm" variant="default">
              {suites.title}
            </Button>
            <Button component={Link} to="/evals/judges" size="sm" variant="default">
              {judges.title}
            </Button>
            <Button component={Link} to="/evals/monitors" size="sm" variant="default">
              {monitors.title}
            </Button>
            {hasRows && compare}
            {hasRows && button}
          </>
        }
      />
      {query.isPending && <LoadingPlaceholder lines={10} />}
      {query.isError && <ErrorAlert error={query.error} onRetry={() => query.refetch()} />}
      {query.isSuccess && !hasRows && (
        <EmptyState icon={FlaskConical} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
          {t.emptyText}
        </EmptyState>
      )}
      {hasRows && (
        <DataGrid
          label={app.nav.evals}
          columns={columns}
          rows={rows}
          rowKey={(run) => run.id}
          rowHeight={44}
          height="calc(100dvh - 146px)"
          hasMore={query.hasNextPage}
          loading={query.isFetchingNextPage}
          onEnd={query.fetchNextPage}
          onOpen={(run) => navigate({ to: "/evals/$id", params: { id: run.id } })}
        />
      )}
    </>
  );
}

import { Button, Checkbox, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Cpu, GitCompare, Plus } from "lucide-react";
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
import { TrainingTabs } from "./TrainingTabs";

type Run = Schema["TrainingRun"];
const MAX_COMPARED = 6;
const CLI = "vong training start triage --dataset tickets";
const PYTHON = `from vong.client import Client

started = Client().training.start("triage", base="smollm2-135m-instruct", dataset="tickets")`;

const summaryNumber = (run: Run, name: string) => {
  const value = run.summary?.[name];
  return typeof value === "number" ? value : null;
};

function useColumns(selectedIds: string[], toggleSelected: (id: string) => void): Column<Run>[] {
  const { training: t, app } = useMessages();
  const f = useFormats();
  const statusLabels = app.job as Record<string, unknown>;
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
      width: "minmax(150px, 1fr)",
      cell: (run) => (
        <Text inherit fw={500} truncate>
          {run.name}
        </Text>
      ),
    },
    {
      id: "status",
      title: t.status,
      width: "120px",
      cell: (run) => <Status state={run.status} label={statusLabels[run.status] as string} />,
    },
    { id: "base", title: t.base, width: "minmax(160px, 1fr)", cell: (run) => run.base.split("@")[0] || "–" },
    { id: "recipe", title: t.recipe, width: "100px", cell: (run) => run.recipe },
    {
      id: "dataset",
      title: t.dataset,
      width: "minmax(150px, 1fr)",
      cell: (run) => run.dataset.replace(/(@.{8}).*/, "$1"),
    },
    {
      id: "best",
      title: t.best,
      width: "124px",
      alignRight: true,
      cell: (run) => f.fixed(summaryNumber(run, "best_eval_loss"), 3),
    },
    {
      id: "took",
      title: t.duration,
      width: "104px",
      alignRight: true,
      cell: (run) => {
        const seconds = summaryNumber(run, "seconds");
        return f.duration(seconds === null ? null : seconds * 1000);
      },
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

/** Show all training runs, newest first. Several can be compared. */
export default function TrainingPage() {
  const { training: t, app } = useMessages();
  const navigate = useNavigate();
  const [selectedIds, setSelectedIds] = useState<string[]>([]);
  const query = useInfiniteQuery(runsQuery());
  const rows = query.data?.pages.flat() ?? [];
  const columns = useColumns(selectedIds, (id) =>
    setSelectedIds((previous) =>
      previous.includes(id) ? previous.filter((other) => other !== id) : [...previous, id].slice(-MAX_COMPARED),
    ),
  );
  const button = (
    <Button component={Link} to="/training/new" size="sm" leftSection={<Plus size={15} aria-hidden />}>
      {t.start}
    </Button>
  );
  const hasRows = rows.length > 0;
  const actions = (
    <>
      <Button
        size="sm"
        variant="default"
        leftSection={<GitCompare size={15} aria-hidden />}
        disabled={selectedIds.length < 2}
        title={t.compareHint}
        onClick={() => navigate({ to: "/training/compare", search: { runs: selectedIds.join(",") } })}
      >
        {t.compare}
      </Button>
      {button}
    </>
  );
  return (
    <>
      <PageHeader title={app.nav.training} subtitle={t.lead} actions={hasRows && actions} />
      <TrainingTabs />
      {query.isPending && <LoadingPlaceholder lines={10} />}
      {query.isError && <ErrorAlert error={query.error} onRetry={() => query.refetch()} />}
      {query.isSuccess && !hasRows && (
        <EmptyState icon={Cpu} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
          {t.emptyText}
        </EmptyState>
      )}
      {hasRows && (
        <DataGrid
          label={app.nav.training}
          columns={columns}
          rows={rows}
          rowKey={(run) => run.id}
          rowHeight={44}
          height="calc(100dvh - 186px)"
          hasMore={query.hasNextPage}
          loading={query.isFetchingNextPage}
          onEnd={query.fetchNextPage}
          onOpen={(run) => navigate({ to: "/training/runs/$id", params: { id: run.id } })}
        />
      )}
    </>
  );
}

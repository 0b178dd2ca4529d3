import { Button, Checkbox, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Cpu, GitCompare, Plus } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { Status } from "@/components/Status";
import { When } from "@/components/When";
import { runsQuery } from "./queries";

type Run = S["Run"];
const MOST = 6;
const CLI = "vong training start triage --dataset tickets";
const PYTHON = `from vong.client import Client

started = Client().training.start("triage", base="smollm2-135m-instruct", dataset="tickets")`;

const figure = (run: Run, name: string) => {
  const value = run.summary?.[name];
  return typeof value === "number" ? value : null;
};

function useColumns(chosen: string[], choose: (id: string) => void): Column<Run>[] {
  const { training: t, app } = useMessages();
  const f = useFormats();
  const said = app.job as Record<string, unknown>;
  return [
    {
      id: "choose",
      title: t.choose,
      width: "76px",
      cell: (run) => (
        <Checkbox
          size="xs"
          aria-label={t.chosen(run.name)}
          checked={chosen.includes(run.id)}
          onChange={() => choose(run.id)}
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
      cell: (run) => <Status state={run.status} label={said[run.status] as string} />,
    },
    { id: "base", title: t.base, width: "minmax(160px, 1fr)", cell: (run) => run.base.split("@")[0] },
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
      right: true,
      cell: (run) => f.fixed(figure(run, "best_eval_loss"), 3),
    },
    {
      id: "took",
      title: t.took,
      width: "104px",
      right: true,
      cell: (run) => {
        const seconds = figure(run, "seconds");
        return f.duration(seconds === null ? null : seconds * 1000);
      },
    },
    { id: "when", title: t.when, width: "110px", right: true, cell: (run) => <When at={run.created_at} /> },
  ];
}

/** Every run, newest first; some of them can be compared. */
export default function TrainingPage() {
  const { training: t, app } = useMessages();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string[]>([]);
  const query = useInfiniteQuery(runsQuery());
  const rows = query.data?.pages.flat() ?? [];
  const columns = useColumns(chosen, (id) =>
    setChosen((had) => (had.includes(id) ? had.filter((one) => one !== id) : [...had, id].slice(-MOST))),
  );
  const button = (
    <Button component={Link} to="/training/new" size="sm" leftSection={<Plus size={15} aria-hidden />}>
      {t.start}
    </Button>
  );
  const some = rows.length > 0;
  const actions = (
    <>
      <Button
        size="sm"
        variant="default"
        leftSection={<GitCompare size={15} aria-hidden />}
        disabled={chosen.length < 2}
        title={t.compareHint}
        onClick={() => navigate({ to: "/training/compare", search: { runs: chosen.join(",") } })}
      >
        {t.compare}
      </Button>
      {button}
    </>
  );
  return (
    <>
      <PageHeader title={app.nav.training} sub={t.lead} actions={some && actions} />
      {query.isPending && <Waiting lines={10} />}
      {query.isError && <Failure error={query.error} again={() => query.refetch()} />}
      {query.isSuccess && !some && (
        <EmptyState icon={Cpu} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
          {t.emptyText}
        </EmptyState>
      )}
      {some && (
        <DataGrid
          label={app.nav.training}
          columns={columns}
          rows={rows}
          rowKey={(run) => run.id}
          rowHeight={44}
          height="calc(100dvh - 146px)"
          more={query.hasNextPage}
          loading={query.isFetchingNextPage}
          onEnd={query.fetchNextPage}
          onOpen={(run) => navigate({ to: "/training/runs/$id", params: { id: run.id } })}
        />
      )}
    </>
  );
}

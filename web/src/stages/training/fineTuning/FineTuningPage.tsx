import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus, Waypoints } from "lucide-react";
import { useState } from "react";
import type { FineTuningJob } from "@/api/fineTuning";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { TrainingTabs } from "../TrainingTabs";
import { FineTuningForm } from "./FineTuningForm";
import { jobsQuery, STATUS_MARKS, toTime } from "./queries";

const CLI = `vong training fine-tuning start rows.jsonl \\
  --model smollm2-135m-instruct --suffix triage`;
const PYTHON = `from openai import OpenAI

client = OpenAI(base_url="${location.origin}/v1", api_key="vong-…")
file = client.files.create(file=open("rows.jsonl", "rb"), purpose="fine-tune")
job = client.fine_tuning.jobs.create(model="smollm2-135m-instruct", training_file=file.id)`;

function useColumns(): Column<FineTuningJob>[] {
  const t = useMessages().fineTuning;
  const f = useFormats();
  return [
    {
      id: "result",
      title: t.result,
      width: "minmax(220px, 1.6fr)",
      cell: (job) => (
        <Text inherit fw={500} truncate>
          {job.fine_tuned_model ?? job.user_provided_suffix ?? job.id}
        </Text>
      ),
    },
    {
      id: "status",
      title: t.status,
      width: "150px",
      cell: (job) => <Status state={STATUS_MARKS[job.status]} label={t.statuses[job.status]} />,
    },
    { id: "model", title: t.model, width: "minmax(160px, 1fr)", cell: (job) => job.model },
    { id: "method", title: t.method, width: "minmax(150px, 0.8fr)", cell: (job) => t.methods[job.method.type] },
    {
      id: "tokens",
      title: t.tokens,
      width: "150px",
      alignRight: true,
      cell: (job) => f.number(job.trained_tokens),
    },
    {
      id: "created",
      title: t.created,
      width: "110px",
      alignRight: true,
      cell: (job) => <RelativeTime at={toTime(job.created_at)} />,
    },
  ];
}

/** Show the fine-tuning jobs of the OpenAI-compatible API, newest first. */
export default function FineTuningPage() {
  const { fineTuning: t, app } = useMessages();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const query = useInfiniteQuery(jobsQuery());
  const jobs = query.data?.pages.flatMap((page) => page.data) ?? [];
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.create}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tab}
        subtitle={t.lead}
        breadcrumbs={[{ label: app.nav.training, to: "/training" }]}
        actions={jobs.length > 0 && button}
      />
      <TrainingTabs />
      {query.isPending && <LoadingPlaceholder lines={10} />}
      {query.isError && <ErrorAlert error={query.error} onRetry={() => query.refetch()} />}
      {query.isSuccess && jobs.length === 0 && (
        <EmptyState icon={Waypoints} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
          {t.emptyText}
        </EmptyState>
      )}
      {jobs.length > 0 && (
        <DataGrid
          label={t.list}
          columns={columns}
          rows={jobs}
          rowKey={(job) => job.id}
          rowHeight={44}
          height="calc(100dvh - 186px)"
          hasMore={query.hasNextPage}
          loading={query.isFetchingNextPage}
          onEnd={query.fetchNextPage}
          onOpen={(job) => navigate({ to: "/training/fine-tuning/$id", params: { id: job.id } })}
        />
      )}
      {creating && <FineTuningForm onClose={() => setCreating(false)} />}
    </>
  );
}

import { Alert, Button, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChartSpline, Download, MessagesSquare } from "lucide-react";
import { useCallback } from "react";
import type { FineTuningCheckpoint, FineTuningJob } from "@/api/fineTuning";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { LineChart } from "@/components/charts/Line";
import { EntityLink } from "@/components/EntityLink";
import { JobPanel } from "@/components/Job";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { alignMetrics } from "../curves";
import { runQuery } from "../queries";
import { useMetrics } from "../useMetrics";
import { EventsPanel } from "./EventsPanel";
import c from "./fineTuning.module.css";
import { JobActions } from "./JobActions";
import { checkpointsQuery, FINE_TUNING, isActive, jobQuery, STATUS_MARKS, toTime } from "./queries";

const page = getRouteApi("/training/fine-tuning/$id");

function ModelName({ name }: { name: string }) {
  return (
    <span className={`${c.name} mono`}>
      {name} <CopyIcon text={name} />
    </span>
  );
}

/** Show the loss of the run that executes a job, live while it trains. */
function LossPanel({ runId, active, onEnd }: { runId: string; active: boolean; onEnd: () => void }) {
  const { fineTuning: t, training } = useMessages();
  const { metrics } = useMetrics(runId, active, onEnd);
  const { x, values } = alignMetrics(metrics, ["loss", "eval_loss"]);
  const [loss = [], evalLoss = []] = values;
  return (
    <Panel
      title={t.loss}
      actions={
        <Button
          component={Link}
          to="/training/runs/$id"
          params={{ id: runId } as never}
          size="compact-sm"
          variant="default"
          leftSection={<ChartSpline size={14} aria-hidden />}
        >
          {t.openRun}
        </Button>
      }
    >
      <LineChart
        label={t.loss}
        x={x}
        height={220}
        integer
        series={[
          { label: training.run.loss, values: loss, color: "--series-1" },
          { label: training.run.evalLoss, values: evalLoss, color: "--series-2", points: true },
        ]}
      />
    </Panel>
  );
}

function ResultPanel({ job }: { job: FineTuningJob }) {
  const t = useMessages().fineTuning;
  const name = job.fine_tuned_model;
  return (
    <Panel title={t.fineTunedModel}>
      {name ? (
        <Stack gap="sm">
          <ModelName name={name} />
          <Text size="sm" c="dimmed">
            {t.callHint}
          </Text>
          <Button
            component={Link}
            to="/playground"
            search={{ model: name } as never}
            size="xs"
            variant="default"
            leftSection={<MessagesSquare size={14} aria-hidden />}
          >
            {t.tryIt}
          </Button>
          {job.result_files.map((file) => (
            <Button
              key={file}
              component="a"
              href={`/v1/files/${file}/content`}
              download
              size="xs"
              variant="default"
              leftSection={<Download size={14} aria-hidden />}
            >
              {t.metricsFile}
            </Button>
          ))}
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {t.notYet}
        </Text>
      )}
    </Panel>
  );
}

function CheckpointsTable({ checkpoints }: { checkpoints: FineTuningCheckpoint[] }) {
  const t = useMessages().fineTuning;
  const f = useFormats();
  const names = [...new Set(checkpoints.flatMap(({ metrics }) => Object.keys(metrics)))].filter(
    (name) => name !== "step",
  );
  return (
    <section tabIndex={0} aria-label={t.checkpoints} style={{ overflowX: "auto" }}>
      <table className={c.checkpoints}>
        <thead>
          <tr>
            <th scope="col">{t.checkpoint}</th>
            <th scope="col">{t.result}</th>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {checkpoints.map((checkpoint) => (
            <tr key={checkpoint.id}>
              <td className="num">{t.step(f.number(checkpoint.step_number))}</td>
              <td>
                <ModelName name={checkpoint.fine_tuned_model_checkpoint} />
              </td>
              {names.map((name) => (
                <td key={name} className="num">
                  {f.number(checkpoint.metrics[name], 4)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function CheckpointsPanel({ job }: { job: FineTuningJob }) {
  const t = useMessages().fineTuning;
  const query = useQuery(checkpointsQuery(job.id, isActive(job)));
  const checkpoints = query.data?.data ?? [];
  if (!checkpoints.length) return null;
  return (
    <Panel title={t.checkpoints} flush>
      <Text size="sm" c="dimmed" px="md" pt="xs">
        {t.checkpointsHint}
      </Text>
      <CheckpointsTable checkpoints={checkpoints} />
    </Panel>
  );
}

function DetailsPanel({ job }: { job: FineTuningJob }) {
  const t = useMessages().fineTuning;
  const f = useFormats();
  const settings = Object.entries(job.hyperparameters).map(([name, value]): [string, string] => [name, String(value)]);
  const metadata = Object.entries(job.metadata ?? {});
  return (
    <Panel title={t.details}>
      <Facts
        items={[
          [t.model, job.model],
          [t.method, t.methods[job.method.type]],
          ...settings,
          [t.seed, <span key="seed">{job.seed}</span>],
          [t.tokens, f.number(job.trained_tokens)],
          ...(job.dataset
            ? [[t.dataset, <EntityLink key="dataset" kind="dataset" entityRef={job.dataset} />] as const]
            : []),
          [t.created, <RelativeTime key="created" at={toTime(job.created_at)} />],
          job.finished_at === null
            ? [t.estimatedFinish, <RelativeTime key="estimate" at={toTime(job.estimated_finish)} />]
            : [t.finished, <RelativeTime key="finished" at={toTime(job.finished_at)} />],
          ...metadata.map(([name, value]): [string, string] => [`${t.metadata}: ${name}`, value]),
        ].map(([name, value]) => [name, value])}
      />
    </Panel>
  );
}

/** Show the progress of the training while it runs. */
function Progress({ job, onEnd }: { job: FineTuningJob; onEnd: () => void }) {
  const t = useMessages().training.run;
  const run = useQuery({ ...runQuery(job.run_id ?? ""), enabled: Boolean(job.run_id) && isActive(job) });
  const id = run.data?.job_id;
  return id && isActive(job) ? <JobPanel key={id} id={id} title={t.jobTitle} onEnd={onEnd} /> : null;
}

function JobDetail({ job }: { job: FineTuningJob }) {
  const { fineTuning: t, app } = useMessages();
  const client = useQueryClient();
  const refresh = useCallback(() => void client.invalidateQueries({ queryKey: FINE_TUNING }), [client]);
  return (
    <>
      <PageHeader
        title={job.user_provided_suffix ?? job.model}
        badge={<Status state={STATUS_MARKS[job.status]} label={t.statuses[job.status]} />}
        subtitle={<span className="mono">{job.id}</span>}
        breadcrumbs={[
          { label: app.nav.training, to: "/training" },
          { label: t.tab, to: "/training/fine-tuning" },
        ]}
        actions={<JobActions job={job} />}
      />
      <PageBody>
        {job.error && (
          <Alert color="red" role="alert">
            {job.error.message}
          </Alert>
        )}
        <Progress job={job} onEnd={refresh} />
        <Columns
          main={
            <>
              {job.run_id && <LossPanel key={job.run_id} runId={job.run_id} active={isActive(job)} onEnd={refresh} />}
              <CheckpointsPanel job={job} />
              <EventsPanel id={job.id} active={isActive(job)} />
            </>
          }
          side={
            <>
              <ResultPanel job={job} />
              <DetailsPanel job={job} />
            </>
          }
        />
      </PageBody>
    </>
  );
}

/** Show one fine-tuning job: curve, checkpoints, events and result. */
export default function JobPage() {
  const { id } = page.useParams();
  const query = useQuery(jobQuery(id));
  return (
    <QueryBoundary query={query} lines={12}>
      {(job) => <JobDetail key={job.id} job={job} />}
    </QueryBoundary>
  );
}

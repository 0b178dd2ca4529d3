import { Alert, Badge, Button, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Copy, FlaskConical, Play, Rocket, TriangleAlert } from "lucide-react";
import { useCallback, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { EntityLink } from "@/components/EntityLink";
import { JobPanel } from "@/components/Job";
import { JobLog } from "@/components/JobLog";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Curves } from "./Curves";
import { newestValue } from "./curves";
import { isLive, runQuery } from "./queries";
import { SettingsPanel, SummaryPanel } from "./RunFacts";
import { SamplesPanel } from "./SamplesPanel";
import { useMetrics } from "./useMetrics";

type Run = Schema["TrainingRun"];
const page = getRouteApi("/training/runs/$id");
const MAX_WARNINGS = 3;
const COLORS: Record<string, string> = {
  finished: "teal",
  failed: "red",
  running: "iris",
  queued: "gray",
  cancelled: "orange",
};

function ResultPanel({ run }: { run: Run }) {
  const t = useMessages().training.run;
  if (!run.model) return null;
  return (
    <Panel title={t.outputModel}>
      <Stack gap="sm">
        <EntityLink kind="model" entityRef={run.model} />
        <Button
          component={Link}
          to="/evals/new"
          search={{ dataset: run.dataset } as never}
          size="xs"
          variant="default"
          leftSection={<FlaskConical size={14} aria-hidden />}
        >
          {t.evaluate}
        </Button>
        <Button
          component={Link}
          to="/serving"
          search={{ deploy: run.model } as never}
          size="xs"
          variant="default"
          leftSection={<Rocket size={14} aria-hidden />}
        >
          {t.deploy}
        </Button>
      </Stack>
    </Panel>
  );
}

/** Continue a cancelled or failed run from its newest checkpoint. */
function ResumeButton({ run, onResume }: { run: Run; onResume: () => void }) {
  const t = useMessages().training.run;
  const client = useQueryClient();
  const resume = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/training/runs/{id}/resume", { params: { path: { id: run.id } } })),
    onError: notifyError,
    onSuccess: (started) => {
      client.setQueryData(["job", run.job_id], started.job);
      onResume();
    },
  });
  if (!run.job_id || (run.status !== "cancelled" && run.status !== "failed")) return null;
  return (
    <Button
      size="sm"
      leftSection={<Play size={15} aria-hidden />}
      loading={resume.isPending}
      onClick={() => resume.mutate()}
    >
      {t.resume}
    </Button>
  );
}

/** Show the warnings of a run: the newest three, and the others on request. */
function Warnings({ texts }: { texts: readonly string[] }) {
  const t = useMessages().training.run;
  const [showAll, setShowAll] = useState(false);
  if (!texts.length) return null;
  const shown = showAll ? texts : texts.slice(-MAX_WARNINGS);
  return (
    <Alert color="yellow" icon={<TriangleAlert size={18} aria-hidden />} title={t.warnings(texts.length)}>
      <Stack gap={4}>
        {shown.map((text) => (
          <Text key={text} size="sm">
            {text}
          </Text>
        ))}
        {texts.length > MAX_WARNINGS && (
          <Button size="compact-xs" variant="subtle" w="fit-content" onClick={() => setShowAll(!showAll)}>
            {showAll ? t.fewerWarnings : t.allWarnings}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

function SidePanels({ run }: { run: Run }) {
  const t = useMessages().training.run;
  return (
    <>
      <ResultPanel run={run} />
      <Panel title={t.trainingData}>
        <Stack gap={4}>
          <EntityLink kind="dataset" entityRef={run.dataset} />
          {run.base && <EntityLink kind="model" entityRef={run.base} />}
        </Stack>
      </Panel>
      <SummaryPanel run={run} />
      <SettingsPanel run={run} />
    </>
  );
}

function RunDetail({ run }: { run: Run }) {
  const { training: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const refresh = useCallback(() => void client.invalidateQueries({ queryKey: ["training"] }), [client]);
  const isRunning = isLive(run);
  const { metrics, streamState } = useMetrics(run.id, isRunning, refresh);
  const steps = typeof run.summary?.steps === "number" ? run.summary.steps : null;
  const secondsLeft = run.status === "running" ? newestValue(metrics, "seconds_left") : null;
  const note = isRunning ? (streamState === "open" ? t.run.live : t.run.reconnecting) : undefined;
  const formatMetric = (name: string, digits: number) => f.fixed(newestValue(metrics, name), digits);
  return (
    <>
      <PageHeader
        title={run.name}
        badge={
          <Badge variant="light" tt="none" fw={500} color={COLORS[run.status]}>
            {(app.job as Record<string, unknown>)[run.status] as string}
          </Badge>
        }
        subtitle={[run.base.split("@")[0], run.recipe, run.dataset.replace(/(@.{8}).*/, "$1")]
          .filter(Boolean)
          .join(" · ")}
        breadcrumbs={[{ label: app.nav.training, to: "/training" }]}
        actions={
          <>
            <ResumeButton run={run} onResume={refresh} />
            <Button
              component={Link}
              to="/training/new"
              search={{ like: run.id } as never}
              size="sm"
              variant="default"
              leftSection={<Copy size={15} aria-hidden />}
            >
              {t.run.duplicate}
            </Button>
          </>
        }
      />
      <PageBody>
        {run.job_id && run.status !== "finished" && (
          <JobPanel key={run.job_id} id={run.job_id} title={t.run.jobTitle} onEnd={refresh} />
        )}
        <Warnings texts={run.warnings ?? []} />
        <Stats
          items={[
            { label: t.run.loss, value: formatMetric("loss", 3) },
            { label: t.run.evalLoss, value: formatMetric("eval_loss", 3) },
            { label: t.run.speed, value: formatMetric("tokens_per_second", 0) },
            { label: t.run.norm, value: formatMetric("grad_norm", 2) },
            { label: t.run.memory, value: f.bytes(newestValue(metrics, "memory_bytes")) },
            ...(secondsLeft === null ? [] : [{ label: t.run.timeLeft, value: f.duration(secondsLeft * 1000) }]),
          ]}
        />
        <Columns
          main={
            <>
              <Curves metrics={metrics} steps={steps} note={note}>
                <SamplesPanel runId={run.id} running={isRunning} />
              </Curves>
              {run.job_id && run.status === "finished" && <JobLog id={run.job_id} />}
            </>
          }
          side={<SidePanels run={run} />}
        />
      </PageBody>
    </>
  );
}

/** Show one training run: live curves, its inputs and its resulting model. */
export default function RunPage() {
  const { id } = page.useParams();
  const query = useQuery(runQuery(id));
  return (
    <QueryBoundary query={query} lines={12}>
      {(run) => <RunDetail key={run.id} run={run} />}
    </QueryBoundary>
  );
}

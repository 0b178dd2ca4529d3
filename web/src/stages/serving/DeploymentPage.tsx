import { Alert, Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { AlarmClock, RotateCw, Trash2 } from "lucide-react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { EntityLink, LocationLink, useNavigateTo } from "@/components/EntityLink";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RunningJob } from "@/components/RunningJob";
import { Status } from "@/components/Status";
import { CostPanel } from "./CostPanel";
import { deploymentModelName, isStable, parseCost, parseParity } from "./deployment";
import { DeploymentEvents, LoadPanel, ReplicasPanel } from "./LoadPanel";
import { LogTail } from "./LogTail";
import { ParityPanel } from "./ParityPanel";
import { callsQuery, deploymentQuery } from "./queries";
import { TestChat } from "./TestChat";

const route = getRouteApi("/serving/$name");

function Actions({ deployment }: { deployment: Schema["Deployment"] }) {
  const t = useMessages().serving;
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const navigateTo = useNavigateTo();
  const path = { params: { path: { name: deployment.name } } };
  const refresh = () => client.invalidateQueries({ queryKey: ["serving"] });
  const restart = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/serving/deployments/{name}/restart", path)),
    onSuccess: ({ job }) => {
      void refresh();
      notifySuccess(t.restarted(deployment.name));
      if (job) void navigate({ search: { job: job.id } });
    },
    onError: notifyError,
  });
  const wake = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/serving/deployments/{name}/wake", path)),
    onSuccess: () => void refresh(),
    onError: notifyError,
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/serving/deployments/{name}", path)),
    onSuccess: () => {
      void refresh();
      notifySuccess(t.removed(deployment.name));
    },
    onError: notifyError,
  });
  if (deployment.desired_state === "stopped")
    return (
      <Button
        size="sm"
        leftSection={<RotateCw size={15} aria-hidden />}
        onClick={() => navigateTo({ to: "/serving", search: { deploy: deployment.model } })}
      >
        {t.redeploy}
      </Button>
    );
  return (
    <>
      {deployment.state === "sleeping" && (
        <Button
          size="sm"
          variant="default"
          leftSection={<AlarmClock size={15} aria-hidden />}
          loading={wake.isPending}
          onClick={() => wake.mutate()}
        >
          {t.wake}
        </Button>
      )}
      <Confirm
        title={t.remove.title(deployment.name)}
        text={t.remove.text(deploymentModelName(deployment.name))}
        label={t.remove.label}
        onConfirm={() => remove.mutate()}
      >
        {(openDialog) => (
          <Button
            size="sm"
            variant="subtle"
            color="red"
            leftSection={<Trash2 size={15} aria-hidden />}
            loading={remove.isPending}
            onClick={openDialog}
          >
            {t.remove.label}
          </Button>
        )}
      </Confirm>
      <Button
        size="sm"
        variant="default"
        leftSection={<RotateCw size={15} aria-hidden />}
        loading={restart.isPending}
        onClick={() => restart.mutate()}
      >
        {t.restart}
      </Button>
    </>
  );
}

function ProcessPanel({ deployment }: { deployment: Schema["Deployment"] }) {
  const t = useMessages().serving;
  const f = useFormats();
  const {
    threads,
    context,
    batch,
    prefix_bytes: prefix,
    parity,
  } = (deployment.settings ?? {}) as Record<string, number>;
  const quantization = String(deployment.settings?.quantization ?? "");
  const formatAuto = (value: number | undefined) => (value ? f.number(value) : t.form.auto);
  return (
    <Panel title={t.process.title}>
      <Facts
        items={[
          [
            t.process.called,
            <span key="called" className="mono">
              {deploymentModelName(deployment.name)} <CopyIcon text={deploymentModelName(deployment.name)} />
            </span>,
          ],
          [t.list.model, <EntityLink key="model" kind="model" entityRef={deployment.model} />],
          [t.list.engine, deployment.engine],
          [
            t.alias.title,
            deployment.alias ? (
              <span key="alias">
                <span className="mono">{deployment.alias}</span>{" "}
                {deployment.settings?.follow === false ? t.alias.fixed : t.alias.follows}
              </span>
            ) : (
              t.alias.none
            ),
          ],
          [
            t.process.pid,
            <span key="pid" className="mono">
              {deployment.pid ?? "–"}
            </span>,
          ],
          [
            t.process.engineKey,
            <span key="engine_key" className="mono">
              {deployment.engine_key}
            </span>,
          ],
          [t.form.threads, formatAuto(threads)],
          [t.form.context, formatAuto(context)],
          [t.form.batch, formatAuto(batch)],
          [t.form.quantization, quantization || t.form.auto],
          [t.form.prefix, f.bytes(prefix)],
          [t.form.parity, String(parity) === "skip" ? t.parity.off : t.parity.required],
          [t.process.firstDeployed, f.time(deployment.created_at)],
        ]}
      />
    </Panel>
  );
}

/** Show a deployment: state, process, parity check, log and a test chat. */
export default function DeploymentPage() {
  const { serving: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const { name } = route.useParams();
  const { job } = route.useSearch();
  const query = useQuery(deploymentQuery(name));
  const usage = useQuery(callsQuery()).data?.totals?.find((group) => group.group === deploymentModelName(name));
  return (
    <QueryBoundary query={query}>
      {(data) => (
        <>
          <PageHeader
            title={data.name}
            breadcrumbs={[{ label: app.nav.serving, to: "/serving" }]}
            badge={<Status state={data.state} label={t.state[data.state]} />}
            subtitle={<EntityLink kind="model" entityRef={data.model} />}
            actions={<Actions deployment={data} />}
          />
          <PageBody>
            {data.reason && (
              <Alert color="red" variant={data.state === "failed" ? "light" : "default"} role="status">
                {data.reason}
              </Alert>
            )}
            {data.alias_failure && (
              <Alert color="orange" variant="light" role="status">
                {t.alias.failure(data.alias ?? "", data.alias_failure.model, data.alias_failure.reason)}
              </Alert>
            )}
            {(job || !isStable(data)) && (
              <RunningJob
                kind="serving.parity"
                id={job}
                title={t.parity.job}
                matches={(candidate) => candidate.params.deployment === name}
                onEnd={() => client.invalidateQueries({ queryKey: ["serving"] })}
              />
            )}
            <Stats
              items={[
                { label: t.list.state, value: t.state[data.state], note: <RelativeTime at={data.updated_at} /> },
                { label: t.list.memory, value: f.bytes(data.memory), note: t.process.shared },
                {
                  label: t.load.replicas,
                  value: t.load.of(f.number(data.replicas), f.number(data.desired_replicas)),
                  note: t.load.restarts(f.number(data.restarts)),
                },
                {
                  label: t.list.calls,
                  value: f.number(usage?.calls),
                  note: (
                    <LocationLink to="/traces" search={{ deployment: name }}>
                      {t.process.traces}
                    </LocationLink>
                  ),
                },
                { label: t.process.p50, value: f.duration(usage?.latency_p50) },
                { label: t.process.p95, value: f.duration(usage?.latency_p95) },
              ]}
            />
            <Columns
              main={
                <>
                  <TestChat
                    model={deploymentModelName(name)}
                    ready={data.state === "ready" || data.state === "sleeping"}
                  />
                  <ReplicasPanel name={name} />
                  <DeploymentEvents name={name} />
                  <LogTail name={name} />
                </>
              }
              side={
                <>
                  <LoadPanel deployment={data} />
                  <ParityPanel parity={parseParity(data.parity)} />
                  <CostPanel {...parseCost(data.parity)} />
                  <ProcessPanel deployment={data} />
                </>
              }
            />
          </PageBody>
        </>
      )}
    </QueryBoundary>
  );
}

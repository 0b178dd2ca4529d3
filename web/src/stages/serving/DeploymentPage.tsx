import { Alert, Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { RotateCw, Trash2 } from "lucide-react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { JobOf } from "@/components/JobOf";
import { done, failed } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { Status } from "@/components/Status";
import { PlaceLink, ThingLink, useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import { calledBy, parityOf, settled } from "./deployment";
import { LogTail } from "./LogTail";
import { ParityPanel } from "./ParityPanel";
import { calls, deployment } from "./queries";
import { TryIt } from "./TryIt";

const route = getRouteApi("/serving/$name");

function Actions({ found }: { found: S["Deployment"] }) {
  const t = useMessages().serving;
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const go = useGo();
  const path = { params: { path: { name: found.name } } };
  const refresh = () => client.invalidateQueries({ queryKey: ["serving"] });
  const restart = useMutation({
    mutationFn: () => ok(api.POST("/api/v1/serving/deployments/{name}/restart", path)),
    onSuccess: ({ job }) => {
      void refresh();
      done(t.restarted(found.name));
      if (job) void navigate({ search: { job: job.id } });
    },
    onError: failed,
  });
  const remove = useMutation({
    mutationFn: () => ok(api.DELETE("/api/v1/serving/deployments/{name}", path)),
    onSuccess: () => {
      void refresh();
      done(t.removed(found.name));
    },
    onError: failed,
  });
  if (found.wanted === "stopped")
    return (
      <Button
        size="sm"
        leftSection={<RotateCw size={15} aria-hidden />}
        onClick={() => go({ to: "/serving", search: { deploy: found.model } })}
      >
        {t.again}
      </Button>
    );
  return (
    <>
      <Confirm
        title={t.remove.title(found.name)}
        text={t.remove.text(calledBy(found.name))}
        label={t.remove.label}
        onConfirm={() => remove.mutate()}
      >
        {(ask) => (
          <Button
            size="sm"
            variant="subtle"
            color="red"
            leftSection={<Trash2 size={15} aria-hidden />}
            loading={remove.isPending}
            onClick={ask}
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

function Process({ found }: { found: S["Deployment"] }) {
  const t = useMessages().serving;
  const f = useFormats();
  const { threads, context, batch, prefix_bytes: prefix, parity } = (found.settings ?? {}) as Record<string, number>;
  const auto = (value: number | undefined) => (value ? f.number(value) : t.form.auto);
  return (
    <Panel title={t.process.title}>
      <Facts
        items={[
          [
            t.process.called,
            <span key="called" className="mono">
              {calledBy(found.name)} <CopyIcon text={calledBy(found.name)} />
            </span>,
          ],
          [t.list.model, <ThingLink key="model" kind="model" of={found.model} />],
          [t.list.engine, found.engine],
          [
            t.process.pid,
            <span key="pid" className="mono">
              {found.pid ?? "–"}
            </span>,
          ],
          [
            t.process.group,
            <span key="group" className="mono">
              {found.group}
            </span>,
          ],
          [t.form.threads, auto(threads)],
          [t.form.context, auto(context)],
          [t.form.batch, auto(batch)],
          [t.form.prefix, f.bytes(prefix)],
          [t.form.parity, String(parity) === "skip" ? t.parity.off : t.parity.on],
          [t.process.made, f.time(found.created_at)],
        ]}
      />
    </Panel>
  );
}

/** A deployment: how it stands and why, its process, its check, its log, and a way to talk with it. */
export default function DeploymentPage() {
  const { serving: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const { name } = route.useParams();
  const { job } = route.useSearch();
  const query = useQuery(deployment(name));
  const usage = useQuery(calls()).data?.totals?.find((group) => group.group === calledBy(name));
  return (
    <Await query={query}>
      {(found) => (
        <>
          <PageHeader
            title={found.name}
            crumbs={[{ label: app.nav.serving, to: "/serving" }]}
            badge={<Status state={found.state} label={t.state[found.state]} />}
            sub={<ThingLink kind="model" of={found.model} />}
            actions={<Actions found={found} />}
          />
          <PageBody>
            {found.reason && (
              <Alert color="red" variant={found.state === "failed" ? "light" : "default"} role="status">
                {found.reason}
              </Alert>
            )}
            {(job || !settled(found)) && (
              <JobOf
                kind="serving.parity"
                id={job}
                title={t.parity.job}
                mine={(one) => one.params.deployment === name}
                onEnd={() => client.invalidateQueries({ queryKey: ["serving"] })}
              />
            )}
            <Stats
              items={[
                { label: t.list.state, value: t.state[found.state], note: <When at={found.updated_at} /> },
                { label: t.list.memory, value: f.bytes(found.memory), note: t.process.shared },
                { label: t.list.restarts, value: f.number(found.restarts) },
                {
                  label: t.list.calls,
                  value: f.number(usage?.calls),
                  note: (
                    <PlaceLink to="/traces" search={{ deployment: name }}>
                      {t.process.traces}
                    </PlaceLink>
                  ),
                },
                { label: t.process.p50, value: f.duration(usage?.latency_p50) },
                { label: t.process.p95, value: f.duration(usage?.latency_p95) },
              ]}
            />
            <Columns
              main={
                <>
                  <TryIt model={calledBy(name)} ready={found.state === "ready"} />
                  <LogTail name={name} />
                </>
              }
              side={
                <>
                  <ParityPanel parity={parityOf(found.parity)} />
                  <Process found={found} />
                </>
              }
            />
          </PageBody>
        </>
      )}
    </Await>
  );
}

import { Alert, Button, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Check, Pause, Play, SkipForward, Square } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Meter } from "@/components/charts/Bars";
import { LineChart } from "@/components/charts/Line";
import { LocationLink } from "@/components/EntityLink";
import { GateResult } from "@/components/GateResult";
import { notifyError } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { ReasonDialog } from "@/components/ReasonDialog";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { releaseEventsQuery, releaseGateQuery, releaseQuery } from "./queries";
import { releasePath, releaseShare, stageEvidence } from "./release";
import c from "./release.module.css";

const page = getRouteApi("/loop/releases/$id");
type Release = Schema["Release"];
type Action = "pause" | "resume" | "stop" | "advance" | "promote";

/** Show the stages of a release as a path. */
export function ReleasePath({ release }: { release: Release }) {
  const t = useMessages().releases;
  const f = useFormats();
  const label = (id: string, share: number | null) =>
    id === "shadow" ? t.stages.shadow : id === "promoted" ? t.stages.promoted : f.percent(share ?? 0);
  return (
    <ol className={c.path} aria-label={t.path}>
      {releasePath(release).map((point) => (
        <li key={point.id} data-state={point.state} aria-current={point.state === "current" ? "step" : undefined}>
          {label(point.id, point.share)}
        </li>
      ))}
    </ol>
  );
}

/** Show the buttons of a release that has not ended. Stopping and promoting need a reason. */
function Actions({ release }: { release: Release }) {
  const t = useMessages().releases;
  const client = useQueryClient();
  const [dialog, setDialog] = useState<"stop" | "promote" | null>(null);
  const act = useMutation({
    mutationFn: ({ action, reason = "" }: { action: Action; reason?: string }) =>
      unwrap(
        api.POST("/api/v1/loop/releases/{id}/{action}", {
          params: { path: { id: release.id, action } },
          body: { reason },
        }),
      ),
    onSuccess: () => setDialog(null),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["loop"] }),
  });
  if (release.status !== "running" && release.status !== "scheduled") return null;
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={release.paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
        loading={act.isPending && dialog === null}
        onClick={() => act.mutate({ action: release.paused ? "resume" : "pause" })}
      >
        {release.paused ? t.resume : t.pause}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<SkipForward size={14} aria-hidden />}
        onClick={() => act.mutate({ action: "advance" })}
      >
        {t.advance}
      </Button>
      <Button
        size="xs"
        variant="light"
        color="red"
        leftSection={<Square size={13} aria-hidden />}
        onClick={() => setDialog("stop")}
      >
        {t.stop}
      </Button>
      <Button size="xs" leftSection={<Check size={14} aria-hidden />} onClick={() => setDialog("promote")}>
        {t.promote}
      </Button>
      <ReasonDialog
        key={dialog}
        opened={dialog !== null}
        title={dialog === "promote" ? t.promoteTitle(release.candidate) : t.stopTitle}
        text={dialog === "promote" ? t.promoteText : t.stopText}
        label={dialog === "promote" ? t.promote : t.stop}
        danger={dialog !== "promote"}
        loading={act.isPending}
        onClose={() => setDialog(null)}
        onConfirm={(reason) => dialog && act.mutate({ action: dialog, reason })}
      />
    </>
  );
}

function EvidencePanel({ release }: { release: Release }) {
  const t = useMessages().releases;
  const f = useFormats();
  const { summary, history } = stageEvidence(release.evidence, release.stage);
  const x = history.map((point) => point.n);
  const title = release.stage === "shadow" ? t.shadow : t.quality;
  return (
    <Panel
      title={title}
      actions={
        <Text size="sm" className="num">
          {t.interval(f.number(summary.difference, 3), f.number(summary.low, 3), f.number(summary.high, 3))} ·{" "}
          {f.number(summary.pairs)} {t.pairs.toLowerCase()}
        </Text>
      }
    >
      {history.length ? (
        <div className={c.charts}>
          <div>
            <Title order={3} mb={6}>
              {t.evidence}
            </Title>
            <LineChart
              x={x}
              integer
              log
              height={200}
              label={t.evidence}
              series={[
                { label: t.evidenceFor, values: history.map((point) => point.e_better), color: "--series-3" },
                { label: t.evidenceAgainst, values: history.map((point) => point.e_worse), color: "--series-2" },
                {
                  label: t.threshold(f.number(summary.threshold)),
                  values: history.map(() => summary.threshold),
                  color: "--bad",
                  points: false,
                },
              ]}
            />
          </div>
          <div>
            <Title order={3} mb={6}>
              {t.difference}
            </Title>
            <LineChart
              x={x}
              integer
              height={200}
              label={t.difference}
              series={[
                {
                  label: t.difference,
                  values: history.map((point) => point.candidate - point.incumbent),
                  color: "--series-1",
                },
                { label: t.low, values: history.map((point) => point.low), color: "--series-6", points: false },
                { label: t.high, values: history.map((point) => point.high), color: "--series-6", points: false },
              ]}
            />
          </div>
        </div>
      ) : (
        <Text size="sm" c="dimmed">
          {t.noPairs}
        </Text>
      )}
    </Panel>
  );
}

function GuardRails({ release }: { release: Release }) {
  const t = useMessages().releases;
  const f = useFormats();
  const rails = release.evidence.guard_rails ?? [];
  const share = (bad: number, calls: number) => (calls ? `${f.percent(bad / calls, 1)} / ${f.number(calls)}` : "–");
  const limit = (rail: (typeof rails)[number]) =>
    rail.limit == null
      ? ""
      : t.railLimit(rail.metric === "latency" ? f.duration(rail.limit) : `${f.number(rail.limit)} µ$`);
  const progress = (value: number, threshold: number) =>
    value <= 1 ? 0 : Math.min(1, Math.log(value) / Math.log(threshold));
  return (
    <Panel title={t.guardRails}>
      {rails.length ? (
        <dl className={c.rails}>
          {rails.map((rail) => (
            <div key={rail.metric}>
              <dt>
                <span>
                  {t.rails[rail.metric]} {limit(rail)}
                </span>
                <span className="num">
                  {t.railEvidence(f.number(rail.e_worse ?? 1, 1), f.number(rail.threshold, 1))}
                </span>
              </dt>
              <dd>
                <Meter
                  value={progress(rail.e_worse ?? 1, rail.threshold)}
                  label={t.railEvidence(f.number(rail.e_worse ?? 1, 1), f.number(rail.threshold, 1))}
                  color="--series-2"
                />
                {t.railShares(
                  share(rail.candidate_bad ?? 0, rail.candidate_calls ?? 0),
                  share(rail.incumbent_bad ?? 0, rail.incumbent_calls ?? 0),
                )}
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <Text size="sm" c="dimmed">
          {t.noGuardRails}
        </Text>
      )}
    </Panel>
  );
}

function Log({ id }: { id: string }) {
  const t = useMessages().releases;
  const query = useQuery(releaseEventsQuery(id));
  return (
    <Panel title={t.log}>
      <QueryBoundary query={query} lines={3}>
        {(events) => (
          <ol className={c.log}>
            {[...events].reverse().map((event) => (
              <li key={event.id}>
                <div>{event.message}</div>
                <Text size="xs" c="dimmed">
                  <RelativeTime at={event.created_at} /> · {event.actor === "evidence" ? t.evidenceActor : event.actor}
                </Text>
              </li>
            ))}
          </ol>
        )}
      </QueryBoundary>
    </Panel>
  );
}

function Gate({ release }: { release: Release }) {
  const t = useMessages().releases;
  const query = useQuery(releaseGateQuery(release.id));
  return (
    <Panel title={t.gate}>
      <QueryBoundary query={query} lines={2}>
        {(decision) => <GateResult decision={decision} />}
      </QueryBoundary>
    </Panel>
  );
}

function Detail({ release }: { release: Release }) {
  const { releases: t, app } = useMessages();
  const f = useFormats();
  const sources = Object.entries(release.evidence.sources ?? {});
  return (
    <>
      <PageHeader
        title={release.candidate}
        badge={<Status state={release.status} label={t.statuses[release.status]} />}
        subtitle={release.model ?? undefined}
        breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]}
        actions={<Actions release={release} />}
      />
      <PageBody>
        <Panel title={t.path}>
          <Stack gap="md">
            <ReleasePath release={release} />
            {release.paused && <Alert color="yellow">{t.paused}</Alert>}
            {release.blocked && (
              <Alert color="yellow" title={t.waiting}>
                {release.blocked}
              </Alert>
            )}
            {release.reason && (
              <Alert variant="default">
                {release.reason}
                {release.reaction_seconds != null && (
                  <Text size="xs" mt={2}>
                    {t.reaction(f.number(release.reaction_seconds, 2))}
                  </Text>
                )}
              </Alert>
            )}
          </Stack>
        </Panel>
        <Columns
          main={
            <>
              <EvidencePanel release={release} />
              <Log id={release.id} />
            </>
          }
          side={
            <>
              <Panel title={t.release}>
                <Facts
                  items={[
                    [
                      t.route,
                      <LocationLink key="route" to={`/gateway/routes/${encodeURIComponent(release.route)}`}>
                        {release.route}
                      </LocationLink>,
                    ],
                    [t.share, f.percent(releaseShare(release))],
                    [t.metric, release.plan.metric ?? "quality"],
                    ...(sources.length
                      ? ([
                          [
                            t.sources,
                            sources
                              .map(
                                ([name, count]) =>
                                  `${(t.sourceNames as Record<string, string>)[name] ?? name} ${f.number(count)}`,
                              )
                              .join(", "),
                          ],
                        ] as [string, string][])
                      : []),
                    ...(release.start_at
                      ? ([[t.startAt, <RelativeTime key="at" at={release.start_at} />]] as [string, React.ReactNode][])
                      : []),
                    ...(release.decided_by
                      ? ([[t.decidedBy, release.decided_by === "evidence" ? t.evidenceActor : release.decided_by]] as [
                          string,
                          string,
                        ][])
                      : []),
                  ]}
                />
              </Panel>
              <GuardRails release={release} />
              <Gate release={release} />
              <Panel title={t.plan}>
                <JsonBlock value={release.plan} height={260} label={t.plan} />
              </Panel>
            </>
          }
        />
      </PageBody>
    </>
  );
}

/** Show a release: path, live evidence, guard rails, gate and log. */
export default function ReleasePage() {
  const { id } = page.useParams();
  const query = useQuery(releaseQuery(id));
  return (
    <>
      {query.isError && <PageHeader title={id} />}
      <QueryBoundary query={query} lines={12}>
        {(release) => <Detail key={release.id} release={release} />}
      </QueryBoundary>
    </>
  );
}

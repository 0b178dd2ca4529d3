import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Pause, Play, Trash2 } from "lucide-react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { LineChart } from "@/components/charts/Line";
import { LocationLink } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import c from "../evals.module.css";
import { describeFilter, MonitorState } from "./MonitorsPage";
import { type Alarm, alarmsQuery, historyQuery, type Monitor, monitorQuery, samplesQuery } from "./queries";

const page = getRouteApi("/evals/monitors/$name");
const HOUR_SECONDS = 3600;

function useInvalidate() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["monitors"] });
}

function Actions({ monitor }: { monitor: Monitor }) {
  const { monitors: t } = useMessages();
  const navigate = useNavigate();
  const invalidate = useInvalidate();
  const params = { params: { path: { name: monitor.name } } };
  const toggle = useMutation({
    mutationFn: () =>
      unwrap(api.PATCH("/api/v1/evals/monitors/{name}", { ...params, body: { enabled: !monitor.enabled } as never })),
    onSuccess: invalidate,
    onError: notifyError,
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/evals/monitors/{name}", params)),
    onSuccess: () => navigate({ to: "/evals/monitors" }),
    onError: notifyError,
  });
  return (
    <>
      <Button
        component={Link}
        to="/evals/reviews"
        search={{ monitor: monitor.name } as never}
        size="sm"
        variant="default"
      >
        {t.reviews}
      </Button>
      <Button
        size="sm"
        variant="default"
        loading={toggle.isPending}
        leftSection={monitor.enabled ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        onClick={() => toggle.mutate()}
      >
        {monitor.enabled ? t.pause : t.resume}
      </Button>
      <Confirm title={t.deleteTitle} text={t.deleteText} label={t.delete} onConfirm={() => remove.mutate()}>
        {(open) => (
          <Button size="sm" variant="default" leftSection={<Trash2 size={14} aria-hidden />} onClick={open}>
            {t.delete}
          </Button>
        )}
      </Confirm>
    </>
  );
}

function AlarmRow({ alarm }: { alarm: Alarm }) {
  const { monitors: t } = useMessages();
  const invalidate = useInvalidate();
  const resolve = useMutation({
    mutationFn: (keep_reference: boolean) =>
      unwrap(
        api.POST("/api/v1/evals/alarms/{id}/resolve", { params: { path: { id: alarm.id } }, body: { keep_reference } }),
      ),
    onSuccess: invalidate,
    onError: notifyError,
  });
  return (
    <Alert
      color={alarm.status === "open" ? "red" : "gray"}
      title={
        <Group gap="sm">
          <span>{alarm.metric}</span>
          <Text size="xs" c="dimmed" component="span">
            <RelativeTime at={alarm.created_at} /> · {t.delivery[alarm.delivery ?? "none"]}
          </Text>
        </Group>
      }
    >
      <Text size="sm">{alarm.message}</Text>
      {alarm.delivery_error && (
        <Text size="xs" c="dimmed">
          {alarm.delivery_error}
        </Text>
      )}
      {alarm.status === "open" ? (
        <Group gap="xs" mt="xs">
          <Button size="xs" loading={resolve.isPending} onClick={() => resolve.mutate(true)}>
            {t.resolve}
          </Button>
          <Button size="xs" variant="default" loading={resolve.isPending} onClick={() => resolve.mutate(false)}>
            {t.resolveNew}
          </Button>
        </Group>
      ) : (
        <Text size="xs" c="dimmed">
          {t.resolvedBy(alarm.resolved_by ?? "")}
        </Text>
      )}
    </Alert>
  );
}

function OpenAlarms({ name }: { name: string }) {
  const open = (useQuery(alarmsQuery(name)).data ?? []).filter((alarm) => alarm.status === "open");
  if (open.length === 0) return null;
  return (
    <Stack gap="sm" mb="md">
      {open.map((alarm) => (
        <AlarmRow key={alarm.id} alarm={alarm} />
      ))}
    </Stack>
  );
}

function PastAlarms({ name }: { name: string }) {
  const { monitors: t } = useMessages();
  const alarms = useQuery(alarmsQuery(name)).data ?? [];
  const past = alarms.filter((alarm) => alarm.status !== "open");
  if (alarms.length > 0 && past.length === 0) return null;
  return (
    <Panel title={t.alarms}>
      <Stack gap="sm">
        {past.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.noAlarms}
          </Text>
        )}
        {past.map((alarm) => (
          <AlarmRow key={alarm.id} alarm={alarm} />
        ))}
      </Stack>
    </Panel>
  );
}

function History({ name }: { name: string }) {
  const { monitors: t } = useMessages();
  const points = useQuery(historyQuery(name)).data ?? [];
  const metrics = [...new Set(points.flatMap((point) => Object.keys(point.means)))];
  const times = points.map((point) => new Date(point.at).getTime() / 1000);
  return (
    <Panel title={t.scores}>
      {points.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t.noScores}
        </Text>
      ) : (
        <LineChart
          x={times}
          range={[(times[0] ?? 0) - HOUR_SECONDS, (times.at(-1) ?? 0) + HOUR_SECONDS]}
          time
          label={t.scores}
          series={metrics.map((metric) => ({
            label: metric,
            values: points.map((point) => point.means[metric] ?? null),
            points: true,
          }))}
        />
      )}
    </Panel>
  );
}

function Samples({ name }: { name: string }) {
  const { monitors: t } = useMessages();
  const f = useFormats();
  const rows = useQuery(samplesQuery(name)).data ?? [];
  if (rows.length === 0) return null;
  return (
    <Panel title={t.samples} flush>
      <section className={c.scroll} tabIndex={0} aria-label={t.samples}>
        <table className={c.table}>
          <thead>
            <tr>
              <th scope="col">{t.when}</th>
              <th scope="col">{t.state}</th>
              <th scope="col">{t.score}</th>
              <th scope="col">{t.cost}</th>
              <th scope="col">{t.model}</th>
              <th scope="col">{t.error}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.span_id}>
                <td>
                  <LocationLink to="/traces" search={{ span: row.span_id }}>
                    <RelativeTime at={row.span_started_at} />
                  </LocationLink>
                </td>
                <td>
                  <Status state={row.status === "scored" ? "ok" : row.status} label={t.status[row.status]} />
                </td>
                <td className="num">
                  {Object.entries(row.scores ?? {})
                    .map(([metric, value]) => `${metric} ${f.fixed(value, 2)}`)
                    .join(" · ")}
                </td>
                <td className="num">{f.money(row.cost)}</td>
                <td>{row.model}</td>
                <td>{row.error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function SettingsPanel({ monitor }: { monitor: Monitor }) {
  const { monitors: t } = useMessages();
  const f = useFormats();
  const { settings, counts } = monitor;
  const drift = settings.drift;
  return (
    <Panel title={t.settings}>
      <Facts
        items={[
          [t.scope, describeFilter(monitor) || t.allCalls],
          [t.scorers, settings.scorers?.join(" · ") || settings.suite],
          [
            t.limits,
            t.limitsOf(f.percent(settings.share ?? 0), f.number(settings.max_per_hour), f.money(settings.daily_budget)),
          ],
          [t.reviewBelow, settings.review_below ?? t.off],
          [t.drift, drift ? t.driftOf(String(drift.alpha), String(drift.tolerance)) : t.off],
          [t.webhook, settings.webhook ?? t.off],
          [t.matched, f.number(counts?.matched)],
          [t.sampled, f.number(counts?.sampled)],
          [t.overLimit, f.number(counts?.over_limit)],
          [t.overBudget, f.number(counts?.over_budget)],
          [t.own, f.number(counts?.own)],
        ]}
      />
    </Panel>
  );
}

/** Show a monitor: scores over time, alarms, cost and the newest samples. */
export default function MonitorPage() {
  const { monitors: t } = useMessages();
  const f = useFormats();
  const { name } = page.useParams();
  const query = useQuery(monitorQuery(name));
  return (
    <QueryBoundary query={query} lines={10}>
      {(monitor) => (
        <>
          <PageHeader
            title={monitor.name}
            badge={<MonitorState monitor={monitor} />}
            breadcrumbs={[{ label: t.title, to: "/evals/monitors" }]}
            actions={<Actions monitor={monitor} />}
          />
          <PageBody>
            {monitor.blocked && (
              <Alert color="yellow" mb="md" title={t.blocked}>
                {monitor.blocked}
              </Alert>
            )}
            <OpenAlarms name={name} />
            <Columns
              main={
                <Stack gap="md">
                  <Stats
                    items={[
                      { label: t.scored, value: f.number(monitor.scored) },
                      { label: t.pending, value: f.number(monitor.pending) },
                      { label: t.failed, value: f.number(monitor.failed) },
                      {
                        label: t.hour,
                        value: `${f.number(monitor.hour)} / ${f.number(monitor.settings.max_per_hour)}`,
                      },
                      {
                        label: t.today,
                        value: `${f.money(monitor.cost_today)} / ${f.money(monitor.settings.daily_budget)}`,
                      },
                      { label: t.toReview, value: f.number(monitor.open_reviews) },
                    ]}
                  />
                  <History name={name} />
                  <Samples name={name} />
                </Stack>
              }
              side={
                <Stack gap="md">
                  <PastAlarms name={name} />
                  <SettingsPanel monitor={monitor} />
                </Stack>
              }
            />
          </PageBody>
        </>
      )}
    </QueryBoundary>
  );
}

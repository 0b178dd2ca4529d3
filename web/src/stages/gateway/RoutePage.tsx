import { Alert, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Bird, MessagesSquare, Rocket, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { LocationLink, useNavigateTo } from "@/components/EntityLink";
import { notifyError, notifySuccess } from "@/components/notify";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { CachePanel } from "./CachePanel";
import { CanaryForm } from "./CanaryForm";
import { CanaryPanel } from "./CanaryPanel";
import { findTargetError, selectCanary, targetKey } from "./canary";
import { GuardsPanel } from "./GuardsPanel";
import c from "./gateway.module.css";
import { PolicyPanel } from "./PolicyPanel";
import { canariesQuery, historyQuery, routeQuery, usageQuery } from "./queries";
import { ShadowPanel } from "./ShadowPanel";
import { TargetHealthPanel } from "./TargetHealthPanel";
import { type EditedTarget, TargetsEditor } from "./TargetsEditor";
import { TrafficSplitBar } from "./TrafficSplitBar";
import { routeDestinations, TreePanel } from "./TreePanel";

const page = getRouteApi("/gateway/routes/$name");

const toEditedTargets = (targets: Schema["RouteTarget"][]): EditedTarget[] =>
  targets.map((target) => ({ model: targetKey(target), weight: target.weight ?? 1 }));

function useSave(name: string) {
  const t = useMessages().gateway.routes;
  const client = useQueryClient();
  return useMutation({
    mutationFn: (routeUpdate: Schema["RouteUpdate"]) =>
      unwrap(api.PUT("/api/v1/gateway/routes/{name}", { params: { path: { name } }, body: routeUpdate })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.saved(name));
    },
    onError: notifyError,
  });
}

function TargetsPanel({
  route,
  isCanaryRunning,
  onEditTree,
}: {
  route: Schema["Route"];
  isCanaryRunning: boolean;
  onEditTree: () => void;
}) {
  const { targets: t, tree } = useMessages().gateway;
  const { app } = useMessages();
  const [draft, setDraft] = useState<EditedTarget[] | null>(null);
  const save = useSave(route.name);
  const targets = draft ?? toEditedTargets(route.targets);
  return (
    <Panel
      title={t.title}
      actions={
        draft ? (
          <>
            <Button size="xs" variant="default" onClick={() => setDraft(null)}>
              {app.cancel}
            </Button>
            <Button
              size="xs"
              disabled={findTargetError(targets) !== null}
              loading={save.isPending}
              onClick={() => save.mutate({ targets }, { onSuccess: () => setDraft(null) })}
            >
              {app.save}
            </Button>
          </>
        ) : (
          !isCanaryRunning && (
            <Button size="xs" variant="subtle" onClick={onEditTree}>
              {tree.convert}
            </Button>
          )
        )
      }
    >
      {isCanaryRunning && draft && (
        <Alert color="yellow" mb="sm">
          {t.canaryWarning}
        </Alert>
      )}
      <TargetsEditor targets={targets} onChange={setDraft} />
    </Panel>
  );
}

function HistoryPanel({ route }: { route: Schema["Route"] }) {
  const t = useMessages().gateway.history;
  const routeHistory = useQuery(historyQuery(route.name));
  const save = useSave(route.name);
  return (
    <Panel title={t.title}>
      <QueryBoundary query={routeHistory} lines={3}>
        {(versions) => (
          <ul className={c.versions}>
            {versions.map((version, index) => (
              <li key={version.id} data-now={index === 0 || undefined}>
                <div className={c.row}>
                  <Text size="xs" c="dimmed" component="span">
                    <span className="mono">{version.version}</span> · <RelativeTime at={version.changed_at} />
                    {index === 0 && ` · ${t.current}`}
                  </Text>
                  {index > 0 && version.targets.length > 0 && version.version !== route.version && (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      leftSection={<Undo2 size={12} aria-hidden />}
                      onClick={() =>
                        save.mutate({
                          ...routeDestinations(version),
                          policy: version.policy ?? null,
                        })
                      }
                    >
                      {t.restore}
                    </Button>
                  )}
                </div>
                <Text size="sm" component="div">
                  {version.targets.length ? <TrafficSplitBar targets={version.targets} /> : t.deleted}
                </Text>
              </li>
            ))}
          </ul>
        )}
      </QueryBoundary>
    </Panel>
  );
}

function PastCanaries({ pastCanaries, openId }: { pastCanaries: Schema["Canary"][]; openId: string | undefined }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  if (!pastCanaries.length) return null;
  return (
    <Panel title={t.pastCanaries}>
      <ul className={c.versions}>
        {pastCanaries.map((canary) => (
          <li key={canary.id} data-now={canary.id === openId || undefined}>
            <div className={c.row}>
              <LocationLink to={`/gateway/routes/${encodeURIComponent(canary.route)}`} search={{ canary: canary.id }}>
                {canary.candidate}
              </LocationLink>
              <Status state={canary.status} label={t.status[canary.status]} />
            </div>
            <Text size="xs" c="dimmed" className="num">
              {t.pastNote(f.percent(canary.share), f.number(canary.evidence.pairs))} ·{" "}
              <RelativeTime at={canary.started_at} />
            </Text>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Actions({
  route,
  isCanaryRunning,
  onStart,
}: {
  route: Schema["Route"];
  isCanaryRunning: boolean;
  onStart: () => void;
}) {
  const { gateway: t, releases } = useMessages();
  const client = useQueryClient();
  const navigateTo = useNavigateTo();
  const removeRoute = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/gateway/routes/{name}", { params: { path: { name: route.name } } })),
    onSuccess: () => {
      navigateTo({ to: "/gateway" });
      client.removeQueries({ queryKey: ["gateway", "route", route.name] });
      void client.invalidateQueries({ queryKey: ["gateway", "routes"] });
      notifySuccess(t.routes.removed(route.name));
    },
    onError: notifyError,
  });
  return (
    <>
      <Confirm
        title={t.routes.removeTitle(route.name)}
        text={t.routes.removeText}
        label={t.routes.remove}
        onConfirm={() => removeRoute.mutate()}
      >
        {(openDialog) => (
          <Button
            size="sm"
            variant="subtle"
            color="red"
            leftSection={<Trash2 size={15} aria-hidden />}
            onClick={openDialog}
          >
            {t.routes.remove}
          </Button>
        )}
      </Confirm>
      <Button
        size="sm"
        variant="default"
        leftSection={<MessagesSquare size={15} aria-hidden />}
        onClick={() => navigateTo({ to: "/playground", search: { model: route.name } })}
      >
        {t.routes.openPlayground}
      </Button>
      {!isCanaryRunning && (
        <>
          <Button size="sm" variant="default" leftSection={<Bird size={15} aria-hidden />} onClick={onStart}>
            {t.canary.start}
          </Button>
          <Button
            size="sm"
            leftSection={<Rocket size={15} aria-hidden />}
            onClick={() => navigateTo({ to: "/loop/releases/new", search: { route: route.name } })}
          >
            {releases.start}
          </Button>
        </>
      )}
    </>
  );
}

/** Show a route: targets, live canary, policies and history. */
export default function RoutePage() {
  const { gateway: t, app } = useMessages();
  const f = useFormats();
  const { name } = page.useParams();
  const { canary: requestedCanary } = page.useSearch();
  const [startingCanary, setStartingCanary] = useState(false);
  const [editingTree, setEditingTree] = useState(false);
  const canaryList = useQuery(canariesQuery());
  const routeCanaries = (canaryList.data ?? []).filter((candidate) => candidate.route === name);
  const isCanaryRunning = routeCanaries.some((candidate) => candidate.status === "running");
  const query = useQuery(routeQuery(name, isCanaryRunning));
  const openCanary = selectCanary(canaryList.data ?? [], name, requestedCanary);
  const lastDay = useQuery(usageQuery("24h", "route")).data?.totals?.find((candidate) => candidate.group === name);
  return (
    <QueryBoundary query={query}>
      {(route) => (
        <>
          <PageHeader
            title={route.name}
            breadcrumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
            badge={isCanaryRunning ? <Status state="running" label={t.routes.running} /> : undefined}
            subtitle={
              <Group gap={6} component="span">
                {t.routes.called} <span className="mono">model: "{route.name}"</span> <CopyIcon text={route.name} />
              </Group>
            }
            actions={
              <Actions route={route} isCanaryRunning={isCanaryRunning} onStart={() => setStartingCanary(true)} />
            }
          />
          <PageBody>
            <Stats
              items={[
                {
                  label: t.usage.day,
                  value: f.number(lastDay?.calls),
                  note: (
                    <LocationLink to="/traces" search={{ route: name }}>
                      {t.routes.traces}
                    </LocationLink>
                  ),
                },
                { label: t.usage.errors, value: f.number(lastDay?.errors) },
                { label: t.usage.metrics.p50, value: f.duration(lastDay?.latency_p50) },
                { label: t.usage.metrics.p95, value: f.duration(lastDay?.latency_p95) },
                {
                  label: t.usage.metrics.tokens,
                  value: f.compact(lastDay?.input_tokens),
                  note: lastDay && t.usage.outputCount(f.compact(lastDay.output_tokens)),
                },
                { label: t.usage.cost, value: f.money(lastDay?.cost) },
              ]}
            />
            {openCanary && <CanaryPanel key={openCanary.id} id={openCanary.id} />}
            <Columns
              main={
                <>
                  {route.tree || editingTree ? (
                    <TreePanel route={route} editing={!route.tree} onClose={() => setEditingTree(false)} />
                  ) : (
                    <TargetsPanel
                      route={route}
                      isCanaryRunning={isCanaryRunning}
                      onEditTree={() => setEditingTree(true)}
                    />
                  )}
                  <TargetHealthPanel route={route} />
                  <PolicyPanel route={route} />
                  <CachePanel route={route} />
                  <ShadowPanel route={route} />
                  <GuardsPanel route={route} />
                </>
              }
              side={
                <>
                  <PastCanaries pastCanaries={routeCanaries} openId={openCanary?.id} />
                  <HistoryPanel route={route} />
                </>
              }
            />
          </PageBody>
          {startingCanary && <CanaryForm route={route} onClose={() => setStartingCanary(false)} />}
        </>
      )}
    </QueryBoundary>
  );
}

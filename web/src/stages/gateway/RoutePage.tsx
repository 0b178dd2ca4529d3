import { Alert, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Bird, MessagesSquare, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { done, failed } from "@/components/notify";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { Status } from "@/components/Status";
import { PlaceLink, useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import { CachePanel } from "./CachePanel";
import { CanaryForm } from "./CanaryForm";
import { CanaryPanel } from "./CanaryPanel";
import { faultOf, shown } from "./canary";
import { GuardsPanel } from "./GuardsPanel";
import c from "./gateway.module.css";
import { Mix } from "./Mix";
import { PolicyPanel } from "./PolicyPanel";
import { canaries, history, routeOf, usage } from "./queries";
import { ShadowPanel } from "./ShadowPanel";
import { StandingPanel } from "./StandingPanel";
import { type EditedTarget, TargetsEditor } from "./TargetsEditor";
import { placesOf, TreePanel } from "./TreePanel";

const page = getRouteApi("/gateway/routes/$name");

const edited = (targets: S["Target"][]): EditedTarget[] =>
  targets.map((one) => ({ model: one.model, weight: one.weight ?? 1 }));

function useSave(name: string) {
  const t = useMessages().gateway.routes;
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wanted: S["RouteWanted"]) =>
      ok(api.PUT("/api/v1/gateway/routes/{name}", { params: { path: { name } }, body: wanted })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      done(t.saved(name));
    },
    onError: failed,
  });
}

function Targets({ route, running, onGrow }: { route: S["Route"]; running: boolean; onGrow: () => void }) {
  const { targets: t, tree } = useMessages().gateway;
  const { app } = useMessages();
  const [draft, setDraft] = useState<EditedTarget[] | null>(null);
  const save = useSave(route.name);
  const targets = draft ?? edited(route.targets);
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
              disabled={faultOf(targets) !== null}
              loading={save.isPending}
              onClick={() => save.mutate({ targets }, { onSuccess: () => setDraft(null) })}
            >
              {app.save}
            </Button>
          </>
        ) : (
          !running && (
            <Button size="xs" variant="subtle" onClick={onGrow}>
              {tree.grow}
            </Button>
          )
        )
      }
    >
      {running && draft && (
        <Alert color="yellow" mb="sm">
          {t.disturbs}
        </Alert>
      )}
      <TargetsEditor targets={targets} onChange={setDraft} />
    </Panel>
  );
}

function History({ route }: { route: S["Route"] }) {
  const t = useMessages().gateway.history;
  const found = useQuery(history(route.name));
  const save = useSave(route.name);
  return (
    <Panel title={t.title}>
      <Await query={found} lines={3}>
        {(versions) => (
          <ul className={c.versions}>
            {versions.map((version, index) => (
              <li key={version.id} data-now={index === 0 || undefined}>
                <div className={c.row}>
                  <Text size="xs" c="dimmed" component="span">
                    <span className="mono">{version.version}</span> · <When at={version.changed_at} />
                    {index === 0 && ` · ${t.now}`}
                  </Text>
                  {index > 0 && version.targets.length > 0 && version.version !== route.version && (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      leftSection={<Undo2 size={12} aria-hidden />}
                      onClick={() =>
                        save.mutate({
                          ...placesOf(version),
                          policy: version.policy ?? null,
                        })
                      }
                    >
                      {t.again}
                    </Button>
                  )}
                </div>
                <Text size="sm" component="div">
                  {version.targets.length ? <Mix targets={version.targets} /> : t.deleted}
                </Text>
              </li>
            ))}
          </ul>
        )}
      </Await>
    </Panel>
  );
}

function PastCanaries({ all, open }: { all: S["Canary"][]; open: string | undefined }) {
  const t = useMessages().gateway.canary;
  const f = useFormats();
  if (!all.length) return null;
  return (
    <Panel title={t.past}>
      <ul className={c.versions}>
        {all.map((one) => (
          <li key={one.id} data-now={one.id === open || undefined}>
            <div className={c.row}>
              <PlaceLink to={`/gateway/routes/${encodeURIComponent(one.route)}`} search={{ canary: one.id }}>
                {one.candidate}
              </PlaceLink>
              <Status state={one.status} label={t.status[one.status]} />
            </div>
            <Text size="xs" c="dimmed" className="num">
              {t.pastNote(f.percent(one.share), f.number(one.evidence.pairs))} · <When at={one.started_at} />
            </Text>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Actions({ route, running, onStart }: { route: S["Route"]; running: boolean; onStart: () => void }) {
  const t = useMessages().gateway;
  const client = useQueryClient();
  const go = useGo();
  const remove = useMutation({
    mutationFn: () => ok(api.DELETE("/api/v1/gateway/routes/{name}", { params: { path: { name: route.name } } })),
    onSuccess: () => {
      go({ to: "/gateway" });
      client.removeQueries({ queryKey: ["gateway", "route", route.name] });
      void client.invalidateQueries({ queryKey: ["gateway", "routes"] });
      done(t.routes.removed(route.name));
    },
    onError: failed,
  });
  return (
    <>
      <Confirm
        title={t.routes.removeTitle(route.name)}
        text={t.routes.removeText}
        label={t.routes.remove}
        onConfirm={() => remove.mutate()}
      >
        {(ask) => (
          <Button size="sm" variant="subtle" color="red" leftSection={<Trash2 size={15} aria-hidden />} onClick={ask}>
            {t.routes.remove}
          </Button>
        )}
      </Confirm>
      <Button
        size="sm"
        variant="default"
        leftSection={<MessagesSquare size={15} aria-hidden />}
        onClick={() => go({ to: "/playground", search: { model: route.name } })}
      >
        {t.routes.tryIt}
      </Button>
      {!running && (
        <Button size="sm" leftSection={<Bird size={15} aria-hidden />} onClick={onStart}>
          {t.canary.start}
        </Button>
      )}
    </>
  );
}

/** A route: where it leads, its canary with the test live, and how it stood before. */
export default function RoutePage() {
  const { gateway: t, app } = useMessages();
  const f = useFormats();
  const { name } = page.useParams();
  const { canary: asked } = page.useSearch();
  const [starting, setStarting] = useState(false);
  const [growing, setGrowing] = useState(false);
  const tests = useQuery(canaries());
  const mine = (tests.data ?? []).filter((one) => one.route === name);
  const running = mine.some((one) => one.status === "running");
  const query = useQuery(routeOf(name, running));
  const open = shown(tests.data ?? [], name, asked);
  const day = useQuery(usage("24h", "route")).data?.totals?.find((one) => one.group === name);
  return (
    <Await query={query}>
      {(route) => (
        <>
          <PageHeader
            title={route.name}
            crumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
            badge={running ? <Status state="running" label={t.routes.running} /> : undefined}
            sub={
              <Group gap={6} component="span">
                {t.routes.called} <span className="mono">model: "{route.name}"</span> <CopyIcon text={route.name} />
              </Group>
            }
            actions={<Actions route={route} running={running} onStart={() => setStarting(true)} />}
          />
          <PageBody>
            <Stats
              items={[
                {
                  label: t.usage.day,
                  value: f.number(day?.calls),
                  note: (
                    <PlaceLink to="/traces" search={{ route: name }}>
                      {t.routes.traces}
                    </PlaceLink>
                  ),
                },
                { label: t.usage.errors, value: f.number(day?.errors) },
                { label: t.usage.metrics.p50, value: f.duration(day?.latency_p50) },
                { label: t.usage.metrics.p95, value: f.duration(day?.latency_p95) },
                {
                  label: t.usage.metrics.tokens,
                  value: f.compact(day?.input_tokens),
                  note: day && t.usage.out(f.compact(day.output_tokens)),
                },
                { label: t.usage.cost, value: f.money(day?.cost) },
              ]}
            />
            {open && <CanaryPanel key={open.id} id={open.id} />}
            <Columns
              main={
                <>
                  {route.tree || growing ? (
                    <TreePanel route={route} editing={!route.tree} onClose={() => setGrowing(false)} />
                  ) : (
                    <Targets route={route} running={running} onGrow={() => setGrowing(true)} />
                  )}
                  <StandingPanel route={route} />
                  <PolicyPanel route={route} />
                  <CachePanel route={route} />
                  <ShadowPanel route={route} />
                  <GuardsPanel route={route} />
                </>
              }
              side={
                <>
                  <PastCanaries all={mine} open={open?.id} />
                  <History route={route} />
                </>
              }
            />
          </PageBody>
          {starting && <CanaryForm route={route} onClose={() => setStarting(false)} />}
        </>
      )}
    </Await>
  );
}

import { Alert, Anchor, Badge, Button, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { CircleAlert, Repeat2, Square } from "lucide-react";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { type ServerEvent, useEvents } from "@/api/sse";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { traceQuery } from "@/components/span/queries";
import { Waterfall } from "@/components/span/Waterfall";
import { Canvas } from "../canvas";
import type { CanvasEdge } from "../canvas/view";
import editorStyles from "../editor/editor.module.css";
import { StepList } from "../editor/StepList";
import type { Definition } from "../model/definition";
import { type Graph, toGraph } from "../model/graph";
import { applyEvents, isFinal, NOT_LIVE, needsReload, type RunEvent, runMarks, stepDuration } from "./model";
import { cancelRun, RUN_EVENTS, type RunDetails, runDefinitionQuery, runEventsUrl, runQuery } from "./queries";
import { EdgeData, RunValues, StepRunPanel } from "./RunPanels";
import c from "./runs.module.css";
import { statusOf } from "./status";

const ReplayDialog = lazy(() => import("./ReplayDialog").then((module) => ({ default: module.ReplayDialog })));
const page = getRouteApi("/pipelines/$name/runs/$id");

/** Show a run: the canvas with the state of each step, the data on the edges, and the waterfall of its spans. */
export default function RunPage() {
  const { id } = page.useParams();
  const run = useQuery(runQuery(id));
  return <QueryBoundary query={run}>{(details) => <Run key={id} details={details} />}</QueryBoundary>;
}

function useLiveRun(run: RunDetails) {
  const client = useQueryClient();
  const [live, setLive] = useState(NOT_LIVE);
  const onBatch = useCallback(
    (events: ServerEvent<RunEvent>[]) => {
      const batch = events.map(({ name, data }) => ({ ...data, event: data.event ?? name }));
      setLive((current) => applyEvents(current, batch));
      if (needsReload(batch)) void client.invalidateQueries({ queryKey: runQuery(run.id).queryKey });
    },
    [client, run.id],
  );
  const url = isFinal(run) || live.ended ? null : runEventsUrl(run.id);
  useEvents<RunEvent>(url, RUN_EVENTS, onBatch);
  return live;
}

function Run({ details: run }: { details: RunDetails }) {
  const { app, pipelines, pipelineRuns: t } = useMessages();
  const { name } = page.useParams();
  const client = useQueryClient();
  const f = useFormats();
  const [replaying, setReplaying] = useState(false);
  const live = useLiveRun(run);
  const definition = useQuery(runDefinitionQuery(run.id)).data;
  const graph = useMemo(() => (definition ? toGraph(definition as unknown as Definition) : null), [definition]);
  const cancel = useMutation({
    mutationFn: () => cancelRun(run.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines"] }),
    onError: notifyError,
  });
  const marks = useMemo(
    () => (graph ? runMarks(graph, run, run.steps ?? [], live, f) : new Map()),
    [graph, run, live, f],
  );
  const state = pipelines.states[run.state as keyof typeof pipelines.states] ?? run.state;
  return (
    <>
      <PageHeader
        title={t.runTitle(run.id.slice(0, 8))}
        badge={
          <>
            <Status state={statusOf(run.state)} label={state} />
            {run.options?.is_draft && (
              <Badge variant="light" color="yellow" tt="none" fw={500}>
                {t.draft}
              </Badge>
            )}
          </>
        }
        breadcrumbs={[
          { label: app.nav.pipelines, to: "/pipelines" },
          { label: name, to: `/pipelines/${encodeURIComponent(name)}` },
        ]}
        actions={
          <>
            {!isFinal(run) && (
              <Button
                variant="default"
                size="sm"
                leftSection={<Square size={13} aria-hidden />}
                loading={cancel.isPending}
                onClick={() => cancel.mutate()}
              >
                {t.cancel}
              </Button>
            )}
            {isFinal(run) && run.pipeline && (
              <Button size="sm" leftSection={<Repeat2 size={14} aria-hidden />} onClick={() => setReplaying(true)}>
                {t.replay}
              </Button>
            )}
          </>
        }
      />
      <PageBody>
        <Stats
          items={[
            { label: t.duration, value: f.duration(stepDuration(run)) },
            { label: t.cost, value: f.money(run.cost) },
            { label: t.tokens, value: f.number(run.tokens) },
            { label: t.started, value: <RelativeTime at={run.created_at} />, note: run.started_by },
          ]}
        />
        {run.replay_of && (
          <Alert variant="outline" color="gray" p="xs">
            {t.replayOf}{" "}
            <Anchor component={Link} to={`/pipelines/${encodeURIComponent(name)}/runs/${run.replay_of}`} size="sm">
              {run.replay_of.slice(0, 8)}
            </Anchor>
          </Alert>
        )}
        {run.error && (
          <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={run.error.message} role="alert">
            {run.error.step && <Badge variant="outline">{run.error.step}</Badge>} {run.error.hint}
          </Alert>
        )}
        {graph && <RunGraph graph={graph} details={run} marks={marks} texts={live.texts} />}
        <RunValues run={run} />
        <Trace id={run.trace_id} isFinal={isFinal(run)} />
      </PageBody>
      {replaying && graph && (
        <Suspense>
          <ReplayDialog name={name} run={run} graph={graph} onClose={() => setReplaying(false)} />
        </Suspense>
      )}
    </>
  );
}

type GraphProps = {
  graph: Graph;
  details: RunDetails;
  marks: ReadonlyMap<string, { state?: string }>;
  texts: ReadonlyMap<string, string>;
};

function RunGraph({ graph, details, marks, texts }: GraphProps) {
  const { pipelines: t, pipelineRuns } = useMessages();
  const { step } = page.useSearch();
  const navigate = useNavigate({ from: "/pipelines/$name/runs/$id" });
  const isNarrow = useMediaQuery("(max-width: 760px)", undefined, { getInitialValueInEffect: false }) ?? false;
  const [chosenView, setView] = useState<string | null>(null);
  const view = chosenView ?? (isNarrow ? "list" : "canvas");
  const [edge, setEdge] = useState<CanvasEdge | null>(null);
  const waiting = (details.steps ?? []).find((one) => one.state === "waiting")?.path.replace(/\[\d+\]/g, "");
  const shown = step ?? waiting;
  const selected = useMemo(() => new Set(shown ? [shown] : []), [shown]);
  const select = (id: string | undefined) => void navigate({ search: { step: id }, replace: true, resetScroll: false });
  const edgeMarks = useMemo(
    () =>
      new Map(
        graph.steps
          .filter((one) => marks.get(one.id)?.state === "running")
          .flatMap((one) =>
            graph.steps.flatMap((source) => [[`data:${source.id}>${one.id}`, { active: true }] as const]),
          ),
      ),
    [graph, marks],
  );
  return (
    <Panel
      title={t.steps}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t.editor.view}
          value={view}
          onChange={setView}
          data={[
            { value: "canvas", label: t.editor.canvas },
            { value: "list", label: t.editor.list },
          ]}
        />
      }
    >
      <div className={`${editorStyles.editor} ${c.run}`} data-closed={shown || edge ? undefined : true}>
        <div className={editorStyles.main}>
          {view === "canvas" ? (
            <div className={editorStyles.canvas}>
              <Canvas
                graph={graph}
                label={pipelineRuns.canvas}
                marks={marks}
                edgeMarks={edgeMarks}
                selected={selected}
                onSelect={(ids) => {
                  const [last] = [...ids].filter((id) => !selected.has(id));
                  select(last ?? [...ids][0]);
                  if (ids.size) setEdge(null);
                }}
                selectedEdge={edge?.id}
                onSelectEdge={(next) => {
                  setEdge(next);
                  if (next) select(undefined);
                }}
                readOnly
              />
            </div>
          ) : (
            <StepList graph={graph} marks={marks} selected={selected} onSelect={select} />
          )}
        </div>
        {edge ? (
          <aside className={editorStyles.side} aria-label={pipelineRuns.edgeData}>
            <EdgeData edge={edge} details={details} onClose={() => setEdge(null)} />
          </aside>
        ) : (
          shown && (
            <aside className={editorStyles.side} aria-label={pipelineRuns.stepData}>
              <StepRunPanel key={shown} id={shown} details={details} texts={texts} onClose={() => select(undefined)} />
            </aside>
          )
        )}
      </div>
    </Panel>
  );
}

function Trace({ id, isFinal: ended }: { id: string; isFinal: boolean }) {
  const t = useMessages().pipelineRuns;
  const navigate = useNavigate();
  const trace = useQuery({ ...traceQuery(id), enabled: ended, retry: 3, retryDelay: 700 });
  return (
    <Panel title={t.waterfall}>
      {trace.data ? (
        <Waterfall
          trace={trace.data}
          selected=""
          onSelect={(span) => void navigate({ to: "/traces", search: { span } as never })}
        />
      ) : (
        <span className={c.dimmed}>{ended ? t.noTrace : t.traceLater}</span>
      )}
    </Panel>
  );
}

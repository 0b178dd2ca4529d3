import { Badge, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useMessages } from "@/app/i18n";
import { PageBody, PageHeader } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import c from "./pipelines.module.css";
import { type PipelineText, pipelineQuery } from "./queries";
import { TABS, type Tab } from "./search";

const page = getRouteApi("/pipelines/$name");
// The editor needs the graph and the YAML library. The other tabs do not.
const EditorTabs = lazy(() => import("./editor/EditorTabs"));
const RunsTab = lazy(() => import("./runs/RunsTab").then((module) => ({ default: module.RunsTab })));
const VersionsTab = lazy(() => import("./versions/VersionsTab").then((module) => ({ default: module.VersionsTab })));
const PublicationTab = lazy(() =>
  import("./publication/PublicationTab").then((module) => ({ default: module.PublicationTab })),
);

const ReplaysTab = lazy(() => import("./replays/ReplaysTab").then((module) => ({ default: module.ReplaysTab })));
const ConversationsTab = lazy(() =>
  import("./conversations/ConversationsTab").then((module) => ({ default: module.ConversationsTab })),
);
const AutomationTab = lazy(() =>
  import("./automation/AutomationTab").then((module) => ({ default: module.AutomationTab })),
);

/** Show a pipeline: canvas, YAML, runs, replays, versions, publication, conversations and automation. */
export default function PipelinePage() {
  const { name } = page.useParams();
  const query = useQuery(pipelineQuery(name));
  return <QueryBoundary query={query}>{(pipeline) => <Sections key={name} pipeline={pipeline} />}</QueryBoundary>;
}

function Sections({ pipeline }: { pipeline: PipelineText }) {
  const { version } = pipeline;
  const { app, pipelines: t } = useMessages();
  const { tab = "canvas" } = page.useSearch();
  const navigate = useNavigate({ from: "/pipelines/$name" });
  const [actions, setActions] = useState<HTMLElement | null>(null);
  const isEditor = tab === "canvas" || tab === "yaml";
  return (
    <>
      <PageHeader
        title={version.name}
        badge={
          <Badge variant="light" color="gray" tt="none" fw={500}>
            {t.version(version.number)}
          </Badge>
        }
        subtitle={String(version.definition.description ?? "")}
        breadcrumbs={[{ label: app.nav.pipelines, to: "/pipelines" }]}
        actions={<div ref={setActions} className={c.actions} />}
      />
      <PageBody>
        <Tabs
          value={tab}
          keepMounted={false}
          classNames={{ list: c.tabs }}
          onChange={(value) => navigate({ search: { tab: (value ?? undefined) as Tab | undefined } })}
        >
          <Tabs.List aria-label={t.tabs.label} mb="md">
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t.tabs[one]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value={tab}>
            <Suspense fallback={<LoadingPlaceholder />}>
              {tab === "runs" && <RunsTab name={version.name} />}
              {tab === "replays" && <ReplaysTab name={version.name} />}
              {tab === "versions" && <VersionsTab name={version.name} />}
              {tab === "publication" && <PublicationTab name={version.name} />}
              {tab === "conversations" && <ConversationsTab name={version.name} />}
              {tab === "automation" && <AutomationTab name={version.name} inputs={version.definition.inputs} />}
            </Suspense>
          </Tabs.Panel>
        </Tabs>
        {/* Both forms share one editor, so that changing the tab loses neither the text nor the history. */}
        <div hidden={!isEditor} className={c.editor}>
          <Suspense fallback={isEditor ? <LoadingPlaceholder /> : null}>
            <EditorTabs pipeline={pipeline} tab={tab} actions={actions} />
          </Suspense>
        </div>
      </PageBody>
    </>
  );
}

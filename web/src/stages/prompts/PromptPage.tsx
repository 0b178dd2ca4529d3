import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { PageBody, PageHeader } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { RowAction } from "@/components/RowAction";
import { LabelBadges } from "./PromptsPage";
import c from "./prompts.module.css";
import { promptQuery } from "./queries";
import { TABS, type Tab } from "./search";

const page = getRouteApi("/prompts/$name");
const TAB_CONTENT = {
  edit: lazy(() => import("./edit/EditTab").then((module) => ({ default: module.EditTab }))),
  versions: lazy(() => import("./versions/VersionsTab").then((module) => ({ default: module.VersionsTab }))),
  labels: lazy(() => import("./labels/LabelsTab").then((module) => ({ default: module.LabelsTab }))),
  traffic: lazy(() => import("./traffic/TrafficTab").then((module) => ({ default: module.TrafficTab }))),
  optimise: lazy(() => import("./optimise/OptimiseTab").then((module) => ({ default: module.OptimiseTab }))),
  redteam: lazy(() => import("./redteam/RedTeamTab").then((module) => ({ default: module.RedTeamTab }))),
};

/** Show a prompt: editor, versions, labels, traffic, optimisations and red team runs. */
export default function PromptPage() {
  const { app, prompts: t } = useMessages();
  const f = useFormats();
  const { name } = page.useParams();
  const { tab = "edit" } = page.useSearch();
  const navigate = useNavigate({ from: "/prompts/$name" });
  const query = useQuery(promptQuery(name));
  const TabContent = TAB_CONTENT[tab];
  const note = query.data && t.note(f.number(query.data.versions), query.data.description);
  return (
    <>
      <PageHeader
        title={name}
        badge={query.data && <LabelBadges labels={query.data.labels} />}
        subtitle={note}
        breadcrumbs={[{ label: app.nav.prompts, to: "/prompts" }]}
        actions={
          query.data && (
            <RowAction
              title={t.deleteTitle(name)}
              text={t.deleteText}
              label={t.delete}
              successMessage={t.deleted(name)}
              invalidates={["prompts", "list"]}
              action={async () => {
                await unwrap(api.DELETE("/api/v1/prompts/{name}", { params: { path: { name } } }));
                void navigate({ to: "/prompts" });
              }}
            />
          )
        }
      />
      <PageBody>
        <QueryBoundary query={query}>
          {(prompt) => (
            <Tabs
              value={tab}
              keepMounted={false}
              classNames={{ list: c.tabs }}
              onChange={(value) => navigate({ search: { tab: (value ?? undefined) as Tab | undefined } })}
            >
              <Tabs.List aria-label={t.tabs.label} mb="md">
                {TABS.map((tabName) => (
                  <Tabs.Tab key={tabName} value={tabName}>
                    {t.tabs[tabName]}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value={tab} className={c.column}>
                <Suspense fallback={<LoadingPlaceholder />}>
                  <TabContent prompt={prompt} />
                </Suspense>
              </Tabs.Panel>
            </Tabs>
          )}
        </QueryBoundary>
      </PageBody>
    </>
  );
}

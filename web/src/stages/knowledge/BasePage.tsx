import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { PageBody, PageHeader } from "@/components/Page";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import c from "./knowledge.module.css";
import { basesQuery } from "./queries";
import { TABS, type Tab } from "./search";

const page = getRouteApi("/knowledge/$base");
// Each tab is a separate chunk: together they are larger than any other page.
const AskTab = lazy(() => import("./ask/AskTab").then((module) => ({ default: module.AskTab })));
const DocumentsTab = lazy(() =>
  import("./documents/DocumentsTab").then((module) => ({ default: module.DocumentsTab })),
);
const IndexesTab = lazy(() => import("./indexes/IndexesTab").then((module) => ({ default: module.IndexesTab })));
const QuestionsTab = lazy(() =>
  import("./questions/QuestionsTab").then((module) => ({ default: module.QuestionsTab })),
);
const SearchTab = lazy(() => import("./search/SearchTab").then((module) => ({ default: module.SearchTab })));
const SettingsTab = lazy(() => import("./settings/SettingsTab").then((module) => ({ default: module.SettingsTab })));
const SourcesTab = lazy(() => import("./sources/SourcesTab").then((module) => ({ default: module.SourcesTab })));

const TAB_CONTENT = {
  documents: DocumentsTab,
  sources: SourcesTab,
  search: SearchTab,
  ask: AskTab,
  questions: QuestionsTab,
  indexes: IndexesTab,
  settings: SettingsTab,
};

/** Show a knowledge base: documents, sources, search, answers, questions, indexes and settings. */
export default function BasePage() {
  const { app, knowledge: t } = useMessages();
  const { base } = page.useParams();
  const { tab = "documents" } = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const f = useFormats();
  const knowledgeBase = useQuery(basesQuery()).data?.find((one) => one.name === base);
  const note =
    knowledgeBase &&
    t.baseNote(f.number(knowledgeBase.documents), f.number(knowledgeBase.chunks), knowledgeBase.embedder);
  const TabContent = TAB_CONTENT[tab];
  const tabs = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab may be outside of a narrow window
  useEffect(() => {
    tabs.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  return (
    <>
      <PageHeader title={base} subtitle={note} breadcrumbs={[{ label: app.nav.knowledge, to: "/knowledge" }]} />
      <PageBody>
        <Tabs
          value={tab}
          keepMounted={false}
          classNames={{ list: c.tabs }}
          onChange={(value) =>
            navigate({
              search: (previous) => ({ ...previous, tab: (value ?? undefined) as Tab | undefined, job: undefined }),
            })
          }
        >
          <Tabs.List ref={tabs} aria-label={t.tabs.label} mb="md">
            {TABS.map((tabName) => (
              <Tabs.Tab key={tabName} value={tabName}>
                {t.tabs[tabName]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value={tab}>
            <Suspense fallback={<LoadingPlaceholder />}>
              <TabContent base={base} />
            </Suspense>
          </Tabs.Panel>
        </Tabs>
      </PageBody>
    </>
  );
}

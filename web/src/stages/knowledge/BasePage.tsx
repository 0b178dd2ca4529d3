import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { PageBody, PageHeader } from "@/components/Page";
import { AskTab } from "./ask/AskTab";
import { DocumentsTab } from "./documents/DocumentsTab";
import { IndexesTab } from "./indexes/IndexesTab";
import c from "./knowledge.module.css";
import { basesQuery } from "./queries";
import { QuestionsTab } from "./questions/QuestionsTab";
import { TABS, type Tab } from "./search";
import { SearchTab } from "./search/SearchTab";
import { SettingsTab } from "./settings/SettingsTab";
import { SourcesTab } from "./sources/SourcesTab";

const page = getRouteApi("/knowledge/$base");
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
            <TabContent base={base} />
          </Tabs.Panel>
        </Tabs>
      </PageBody>
    </>
  );
}

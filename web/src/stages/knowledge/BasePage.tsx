import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { PageBody, PageHeader } from "@/components/Page";
import { AskTab } from "./AskTab";
import { DocumentsTab } from "./DocumentsTab";
import { basesQuery } from "./queries";
import { SearchTab } from "./SearchTab";
import { TABS, type Tab } from "./search";

const page = getRouteApi("/knowledge/$base");
const TAB_CONTENT = { documents: DocumentsTab, search: SearchTab, ask: AskTab };

/** Show a knowledge base: documents, search and questions. */
export default function BasePage() {
  const { app, knowledge: t } = useMessages();
  const { base } = page.useParams();
  const { tab = "documents" } = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const f = useFormats();
  const knowledgeBase = useQuery(basesQuery()).data?.find((tabName) => tabName.name === base);
  const note =
    knowledgeBase &&
    t.baseNote(f.number(knowledgeBase.documents), f.number(knowledgeBase.chunks), knowledgeBase.embedder);
  return (
    <>
      <PageHeader title={base} subtitle={note} breadcrumbs={[{ label: app.nav.knowledge, to: "/knowledge" }]} />
      <PageBody>
        <Tabs
          value={tab}
          keepMounted={false}
          onChange={(value) =>
            navigate({ search: (previous) => ({ ...previous, tab: (value ?? undefined) as Tab | undefined }) })
          }
        >
          <Tabs.List aria-label={t.tabs.label} mb="md">
            {TABS.map((tabName) => (
              <Tabs.Tab key={tabName} value={tabName}>
                {t.tabs[tabName]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {TABS.map((tabName) => {
            const TabContent = TAB_CONTENT[tabName];
            return (
              <Tabs.Panel key={tabName} value={tabName}>
                <TabContent base={base} />
              </Tabs.Panel>
            );
          })}
        </Tabs>
      </PageBody>
    </>
  );
}

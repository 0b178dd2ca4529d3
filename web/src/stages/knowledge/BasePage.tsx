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
const SHOWN = { documents: DocumentsTab, search: SearchTab, ask: AskTab };

/** One base: its documents, what a query finds in it, and answers from it. */
export default function BasePage() {
  const { app, knowledge: t } = useMessages();
  const { base } = page.useParams();
  const { tab = "documents" } = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const f = useFormats();
  const known = useQuery(basesQuery()).data?.find((one) => one.name === base);
  const note = known && t.baseNote(f.number(known.documents), f.number(known.chunks), known.embedder);
  return (
    <>
      <PageHeader title={base} sub={note} crumbs={[{ label: app.nav.knowledge, to: "/knowledge" }]} />
      <PageBody>
        <Tabs
          value={tab}
          keepMounted={false}
          onChange={(value) =>
            navigate({ search: (had) => ({ ...had, tab: (value ?? undefined) as Tab | undefined }) })
          }
        >
          <Tabs.List aria-label={t.tabs.label} mb="md">
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t.tabs[one]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {TABS.map((one) => {
            const Shown = SHOWN[one];
            return (
              <Tabs.Panel key={one} value={one}>
                <Shown base={base} />
              </Tabs.Panel>
            );
          })}
        </Tabs>
      </PageBody>
    </>
  );
}

import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function KnowledgePage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.knowledge} sub={t.about.knowledge} />;
}

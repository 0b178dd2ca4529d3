import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function TracesPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.traces} sub={t.about.traces} />;
}

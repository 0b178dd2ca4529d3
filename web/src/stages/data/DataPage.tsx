import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function DataPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.data} sub={t.about.data} />;
}

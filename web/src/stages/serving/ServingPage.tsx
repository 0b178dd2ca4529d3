import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function ServingPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.serving} sub={t.about.serving} />;
}

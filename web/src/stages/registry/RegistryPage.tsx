import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function RegistryPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.registry} sub={t.about.registry} />;
}

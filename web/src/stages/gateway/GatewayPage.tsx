import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function GatewayPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.gateway} sub={t.about.gateway} />;
}

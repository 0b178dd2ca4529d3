import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function HomePage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.home} sub={t.about.home} />;
}

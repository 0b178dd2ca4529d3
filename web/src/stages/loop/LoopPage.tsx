import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function LoopPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.loop} sub={t.about.loop} />;
}

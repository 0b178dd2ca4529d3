import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function EvalsPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.evals} sub={t.about.evals} />;
}

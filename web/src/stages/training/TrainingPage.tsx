import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function TrainingPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.training} sub={t.about.training} />;
}

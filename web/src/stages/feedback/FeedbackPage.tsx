import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function FeedbackPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.feedback} sub={t.about.feedback} />;
}

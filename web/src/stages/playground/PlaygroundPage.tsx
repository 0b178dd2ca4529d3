import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function PlaygroundPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.playground} sub={t.about.playground} />;
}

import { useMessages } from "@/app/i18n";
import { PageHeader } from "@/components/Page";

/** To be built. */
export default function SettingsPage() {
  const t = useMessages().app;
  return <PageHeader title={t.nav.settings} sub={t.about.settings} />;
}

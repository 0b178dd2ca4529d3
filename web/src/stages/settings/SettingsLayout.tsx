import type { ReactNode } from "react";
import { useMessages } from "@/app/i18n";
import { useSession } from "@/app/session";
import { LinkTabs } from "@/components/LinkTabs";
import { PageBody, PageHeader } from "@/components/Page";

/** Show the header and tabs of the settings. Only owners see the users tab. */
export function SettingsLayout({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  const { app, settings: t } = useMessages();
  const { user } = useSession();
  const tabs = [
    { to: "/settings", label: t.tabs.project },
    { to: "/settings/account", label: t.tabs.account },
    ...(user.role === "owner" ? [{ to: "/settings/users", label: t.tabs.users }] : []),
    { to: "/settings/about", label: t.tabs.about },
  ];
  return (
    <>
      <PageHeader title={app.nav.settings} subtitle={t.lead} actions={actions} />
      <LinkTabs label={t.tabs.label} tabs={tabs} />
      <PageBody>{children}</PageBody>
    </>
  );
}

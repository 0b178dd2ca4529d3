import type { ReactNode } from "react";
import { useMessages } from "@/app/i18n";
import { useSession } from "@/app/session";
import { LinkTabs } from "@/components/LinkTabs";
import { PageBody, PageHeader } from "@/components/Page";

/** The head and the parts of Settings. People are shown to owners only. */
export function Frame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
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
      <PageHeader title={app.nav.settings} sub={t.lead} actions={actions} />
      <LinkTabs label={t.tabs.label} tabs={tabs} />
      <PageBody>{children}</PageBody>
    </>
  );
}

import { Link } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import c from "./gateway.module.css";

/** Show the sections of the gateway as tabs. */
export function GatewayTabs() {
  const { gateway, guards } = useMessages();
  const t = gateway.tabs;
  const tabs = [
    { to: "/gateway", label: t.usage },
    { to: "/gateway/providers", label: t.providers },
    { to: "/gateway/keys", label: t.keys },
    { to: "/gateway/limits", label: t.limits },
    { to: "/gateway/batches", label: t.batches },
    { to: "/gateway/guards", label: guards.title },
  ] as const;
  return (
    <nav className={c.tabs} aria-label={t.label}>
      {tabs.map(({ to, label }) => (
        <Link key={to} to={to} className={c.tab} activeOptions={{ exact: true, includeSearch: false }}>
          {label}
        </Link>
      ))}
    </nav>
  );
}

import { Link } from "@tanstack/react-router";
import c from "./LinkTabs.module.css";

/** Show the sections of a stage as tabs, each with its own address. */
export function LinkTabs({ label, tabs }: { label: string; tabs: { to: string; label: string }[] }) {
  return (
    <nav className={c.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.to} to={tab.to} className={c.tab} activeOptions={{ exact: true, includeSearch: false }}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}

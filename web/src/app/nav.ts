import {
  Activity,
  Boxes,
  Cpu,
  Database,
  FlaskConical,
  House,
  Library,
  type LucideIcon,
  MessagesSquare,
  Network,
  RefreshCw,
  Rocket,
  Settings,
  ThumbsUp,
} from "lucide-react";
import type { Messages } from "./i18n";

export type PageName = keyof Messages["app"]["about"];
export type NavItem = { to: string; name: PageName; icon: LucideIcon };

const item = (name: PageName, icon: LucideIcon, to = `/${name}`): NavItem => ({ to, name, icon });

export const HOME = item("home", House, "/");
export const SETTINGS = item("settings", Settings);

/** The pages in the order of the loop. */
export const GROUPS: { group: "build" | "serve" | "learn"; items: NavItem[] }[] = [
  {
    group: "build",
    items: [item("data", Database), item("training", Cpu), item("evals", FlaskConical), item("registry", Boxes)],
  },
  {
    group: "serve",
    items: [
      item("serving", Rocket),
      item("gateway", Network),
      item("knowledge", Library),
      item("playground", MessagesSquare),
    ],
  },
  { group: "learn", items: [item("traces", Activity), item("feedback", ThumbsUp), item("loop", RefreshCw)] },
];

export const PAGES: NavItem[] = [HOME, ...GROUPS.flatMap((group) => group.items), SETTINGS];

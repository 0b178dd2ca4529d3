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
  SquarePen,
  ThumbsUp,
  Workflow,
} from "lucide-react";
import type { Messages } from "./i18n";

export type PageName = keyof Messages["app"]["about"];
export type NavItem = { to: string; name: PageName; icon: LucideIcon };

const navItem = (name: PageName, icon: LucideIcon, to = `/${name}`): NavItem => ({ to, name, icon });

export const HOME = navItem("home", House, "/");
export const SETTINGS = navItem("settings", Settings);

/** Pages in the order of the loop. */
export const GROUPS: { group: "build" | "serve" | "learn"; items: NavItem[] }[] = [
  {
    group: "build",
    items: [
      navItem("data", Database),
      navItem("training", Cpu),
      navItem("evals", FlaskConical),
      navItem("registry", Boxes),
    ],
  },
  {
    group: "serve",
    items: [
      navItem("serving", Rocket),
      navItem("gateway", Network),
      navItem("prompts", SquarePen),
      navItem("knowledge", Library),
      navItem("pipelines", Workflow),
      navItem("playground", MessagesSquare),
    ],
  },
  { group: "learn", items: [navItem("traces", Activity), navItem("feedback", ThumbsUp), navItem("loop", RefreshCw)] },
];

export const PAGES: NavItem[] = [HOME, ...GROUPS.flatMap((group) => group.items), SETTINGS];

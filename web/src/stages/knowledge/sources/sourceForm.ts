import { ApiError, type Schema } from "@/api/client";

export type Source = Schema["KnowledgeSource"];
export type SourceKind = Source["kind"];
export const KINDS: SourceKind[] = ["page", "sitemap", "crawl", "notion", "notion_export", "folder", "bucket"];

export type SourceInput = {
  name: string;
  kind: SourceKind;
  url: string;
  path: string;
  text: "main" | "full";
  scope: "prefix" | "domain";
  max_depth: number | string;
  max_pages: number | string;
  max_files: number | string;
  include: string[];
  exclude: string[];
  requests_per_second: number | string;
  respect_robots: boolean;
  pages: string[];
  endpoint: string;
  region: string;
  secret: string;
  every: string;
};
type SettingName = Exclude<keyof SourceInput, "name" | "kind" | "secret" | "every">;

const WEB: SettingName[] = ["url", "text", "requests_per_second", "respect_robots"];
const PATTERNS: SettingName[] = ["include", "exclude"];
/** Settings of each kind of source, in the order of the form. */
export const SETTINGS: Record<SourceKind, SettingName[]> = {
  page: WEB,
  sitemap: [...WEB, "max_pages", ...PATTERNS],
  crawl: [...WEB, "scope", "max_depth", "max_pages", ...PATTERNS],
  notion: ["pages", "max_pages"],
  notion_export: [],
  folder: ["path", "max_files", ...PATTERNS],
  bucket: ["url", "endpoint", "region", "max_files", ...PATTERNS],
};
const HAS_SECRET = new Set<SourceKind>(["page", "sitemap", "crawl", "notion", "bucket"]);
const DEFAULT_MAX_PAGES: Partial<Record<SourceKind, number>> = { notion: 20_000 };

/** Return whether a kind of source has a secret. */
export const hasSecret = (kind: SourceKind) => HAS_SECRET.has(kind);

/** Return the values of the form for a source, or for a new one. */
export function sourceInput(source?: Source): SourceInput {
  const defaults: SourceInput = {
    name: "",
    kind: "crawl",
    url: "",
    path: "",
    text: "main",
    scope: "prefix",
    max_depth: 3,
    max_pages: 1000,
    max_files: 20_000,
    include: [],
    exclude: [],
    requests_per_second: 2,
    respect_robots: true,
    pages: [],
    endpoint: "",
    region: "",
    secret: "",
    every: "24",
  };
  if (!source) return defaults;
  const stored = Object.fromEntries(
    SETTINGS[source.kind].map((name) => [name, source.settings[name] ?? defaults[name]]),
  );
  const every = source.every_hours === null || source.every_hours === undefined ? "" : String(source.every_hours);
  return { ...defaults, ...stored, name: source.name, kind: source.kind, every };
}

/** Return the settings of a source from the values of the form. Empty texts and numbers have the server's defaults. */
export function sourceSettings(values: SourceInput): Record<string, unknown> {
  const entries = SETTINGS[values.kind].map((name) => {
    const value = values[name];
    if (typeof value === "string") {
      const number = ["max_depth", "max_pages", "max_files", "requests_per_second"].includes(name);
      const text = value.trim();
      return [name, number && text !== "" ? Number(text) : text || undefined];
    }
    if (name === "max_pages" && value === sourceInput().max_pages)
      return [name, DEFAULT_MAX_PAGES[values.kind] ?? value];
    return [name, value];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Return the messages of a rejected source by field: "invalid settings of …: url: message; path: message". */
export function sourceErrors(error: unknown, kind: SourceKind): Partial<Record<keyof SourceInput, string>> {
  if (!(error instanceof ApiError)) return {};
  const found: Partial<Record<keyof SourceInput, string>> = {};
  for (const { path, message } of error.faults) {
    if (path === "name") found.name = message;
    if (path === "every_hours") found.every = message;
  }
  const faults = error.title.match(/^invalid settings of [^:]*: (.*)$/s)?.[1]?.split("; ") ?? [];
  for (const fault of faults) {
    const [name = "", ...rest] = fault.split(": ");
    const field = SETTINGS[kind].find((setting) => setting === name.split(".")[0]);
    if (field) found[field] ??= rest.join(": ");
  }
  if (Object.keys(found).length || faults.length) return found;
  const message = [error.title, error.hint].filter(Boolean).join(". ");
  if (/^(a source named|the source name|invalid source name)|source named .* exists/i.test(error.title))
    return { name: message };
  if (/\bsecret\b|\btoken\b/i.test(error.title)) return { secret: message };
  if (/\b(url|address|host|scheme|port)\b/i.test(error.title) && SETTINGS[kind].includes("url"))
    return { url: message };
  if (/\b(folder|path)\b/i.test(error.title) && SETTINGS[kind].includes("path")) return { path: message };
  return {};
}

/** Return where a source reads from, as one line. */
export function sourceAddress(source: Source): string {
  const { url, path, pages } = source.settings;
  const listed = Array.isArray(pages) ? pages.join(", ") : "";
  return String(url ?? path ?? (listed || (source.kind === "notion" ? "api.notion.com" : "")));
}

/** Return whether a source is synced or waits for a sync. */
export const isSyncing = (source: Source) => source.state === "queued" || source.state === "syncing";

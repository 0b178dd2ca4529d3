import type { Schema } from "@/api/client";
import { messageText } from "@/components/Chat";
import type { Bin } from "@/components/charts/Bars";
import type { GraphEdge } from "@/components/graph";

export type Version = Schema["DatasetVersion"];
export type Row = Schema["DatasetRow"];
export type Example = Schema["Example"];

/** Return a version's ref: its name and the first 12 digits of its hash. */
export const versionRef = (version: Pick<Version, "name" | "hash">): string =>
  `${version.name}@${version.hash.slice(0, 12)}`;

const toLine = (text: string) => text.slice(0, 400).replace(/\s+/g, " ").trim();

/** Return the question of a row on one line, or the beginning of a document. */
export const questionLine = (example: Example): string =>
  toLine(
    example.text ??
      messageText(
        example.messages.findLast((message) => message.role === "user")?.content ?? example.messages.at(-1)?.content,
      ),
  );

const contentText = (content: unknown): string => (typeof content === "string" ? content : messageText(content));

/** Return the answer of a row on one line, or its tool calls if there is no text. */
export function answerLine(example: Example): string {
  const { completion } = example;
  if (!completion) return "";
  return toLine(contentText(completion.content) || messageText(completion.tool_calls));
}

/** Return the rejected answer of a row as one line. */
export function rejectedLine({ rejected }: Example): string {
  return rejected ? toLine(contentText(rejected.content) || messageText(rejected.tool_calls)) : "";
}

/** Return the split of a row, if any. */
export const rowSplit = (example: Example): string | undefined =>
  typeof example.metadata?.split === "string" && example.metadata.split ? example.metadata.split : undefined;

/**
 * Parse a row filter: comma-separated `FIELD=VALUE` terms. Fields of completions become labels, all others metadata.
 * Incomplete terms are ignored.
 */
export function parseRowFilter(where: string | undefined): { metadata?: string[]; label?: string[] } {
  const terms = (where ?? "").split(",").map((term) => term.trim());
  const complete = terms.filter((term) => /^[^=]+=.+$/.test(term)).map((term) => term.replace(/^metadata\./, ""));
  const orUndefined = (values: string[]) => (values.length ? values : undefined);
  const isAnswerField = (term: string) => /^completion(\.|=)/.test(term);
  return {
    metadata: orUndefined(complete.filter((term) => !isAnswerField(term))),
    label: orUndefined(complete.filter(isAnswerField)),
  };
}

/** Return the metadata of a row on one line, without its split. */
export const metadataLine = (example: Example): string =>
  Object.entries(example.metadata ?? {})
    .filter(([name]) => name !== "split")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ")
    .slice(0, 300);

const SPLIT_ORDER = ["train", "validation", "test"];

/**
 * Return the splits in reading order: train, validation, test, then the rest by size. Rows without a split come last.
 */
export function sortedSplits(version: Pick<Version, "rows" | "splits">): { name: string | null; rows: number }[] {
  const sorted = Object.entries(version.splits ?? {});
  const rank = (name: string) => (SPLIT_ORDER.includes(name) ? SPLIT_ORDER.indexOf(name) : SPLIT_ORDER.length);
  sorted.sort(([a, rowsA], [b, rowsB]) => rank(a) - rank(b) || rowsB - rowsA || a.localeCompare(b));
  const rowsWithoutSplit = version.rows - sorted.reduce((sum, [, rows]) => sum + rows, 0);
  return [
    ...sorted.map(([name, rows]) => ({ name, rows })),
    ...(rowsWithoutSplit > 0 ? [{ name: null, rows: rowsWithoutSplit }] : []),
  ];
}

/** Return the colour of a split, the same on every page. */
export function splitColor(name: string | null): string {
  if (name === null) return "--series-6";
  const fixedColors: Record<string, string> = { train: "--series-1", validation: "--series-2", test: "--series-3" };
  if (name in fixedColors) return fixedColors[name] as string;
  let sum = 0;
  for (const character of name) sum += character.charCodeAt(0);
  return ["--series-4", "--kind-tool", "--series-5"][sum % 3] as string;
}

/** Return the edges between versions: from each known parent to its child. */
export function versionEdges(versions: Version[]): GraphEdge[] {
  const knownRefs = new Set(versions.map(versionRef));
  return versions.flatMap((version) =>
    version.parents
      .filter((parent) => knownRefs.has(parent))
      .map((parent) => ({ from: parent, to: versionRef(version) })),
  );
}

/** Minimum number of bins. Fewer would not show the distribution, so empty bins are added at the ends. */
const MIN_BINS = 7;

/**
 * Return the bins of a length distribution. The server reports the upper end of each bin, a power of two. Each bin
 * starts at the end of the previous one.
 */
export function histogramBins(lengths: Pick<Schema["LengthStats"], "histogram">): Bin[] {
  const counts = new Map(lengths.histogram.map(([to, count]) => [to, count]));
  const upperEnds = [...counts.keys()];
  const bins: Bin[] = [];
  for (let to = Math.min(...upperEnds); to <= Math.max(...upperEnds); to *= 2)
    bins.push({ from: to === 1 ? 0 : to / 2, to, count: counts.get(to) ?? 0 });
  while (bins.length && bins.length < MIN_BINS) {
    const [first, last] = [bins[0] as Bin, bins.at(-1) as Bin];
    if (bins.length % 2 && first.to > 1)
      bins.unshift({ from: first.to === 2 ? 0 : first.to / 4, to: first.to / 2, count: 0 });
    else bins.push({ from: last.to, to: last.to * 2, count: 0 });
  }
  return bins;
}

/** Return the relevant settings of an operation as text, in their original order. */
export function settingEntries(operation: Schema["Operation"]): [string, string][] {
  return Object.entries(operation.settings ?? {}).flatMap(([name, value]): [string, string][] => {
    if (name === "change_list" || value === null || value === undefined || value === "") return [];
    if (Array.isArray(value) && value.length === 0) return [];
    if (name === "files" && Array.isArray(value))
      return [[name, value.map((file) => (file as { filename?: string }).filename ?? "").join(", ")]];
    if (Array.isArray(value))
      return [[name, value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(", ")]];
    if (typeof value === "object") {
      const parts = Object.entries(value).map(
        ([key, item]) => `${key}=${typeof item === "string" ? item : JSON.stringify(item)}`,
      );
      return parts.length ? [[name, parts.join(", ")]] : [];
    }
    return [[name, String(value)]];
  });
}

/** Parse split shares such as `train=0.8, test=0.2`. Returns null if invalid. */
export function parseShares(text: string): Record<string, number> | null {
  const shares: Record<string, number> = {};
  for (const part of text.split(/[,;\n]/)) {
    if (!part.trim()) continue;
    const [name = "", value = "", ...rest] = part.split("=").map((token) => token.trim());
    const share = Number(value);
    if (!name || !value || rest.length || !(share > 0) || name in shares) return null;
    shares[name] = share;
  }
  const values = Object.values(shares);
  if (values.length === 0) return null;
  const total = values.reduce((sum, share) => sum + share, 0);
  return total <= 1 + 1e-9 || values.every(Number.isInteger) ? shares : null;
}

/** Return the field paths of rows for splits and labels: metadata and completions that are JSON. */
export function fieldPaths(rows: Row[]): string[] {
  const paths = new Set<string>();
  for (const { example } of rows) {
    for (const [key, value] of Object.entries(example.metadata ?? {}))
      if (key !== "id" && key !== "split" && typeof value !== "object") paths.add(`metadata.${key}`);
    const answer = parseObjectText(example.completion?.content);
    for (const [key, value] of Object.entries(answer ?? {}))
      if (typeof value !== "object") paths.add(`completion.${key}`);
  }
  return [...paths].sort();
}

function parseObjectText(content: unknown): Record<string, unknown> | null {
  if (typeof content !== "string" || !content.trimStart().startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Return a dataset name derived from a file name: without extensions and with valid characters only. */
export function suggestName(filename: string): string {
  const stem = filename.split("/").at(-1)?.split(".")[0] ?? "";
  return stem
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/đ/g, "d")
    .replace(/Đ/g, "D")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 100);
}

/** Return whether a dataset name is valid. */
export const isValidName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name);

/** Parse a JSON object. Returns null if the text is not one. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.trim() || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Return the ref of the version that a finished job created or profiled. */
export const finishedJobRef = (job: Pick<Schema["Job"], "status" | "result"> | undefined): string | undefined =>
  job?.status === "finished" && typeof job.result?.ref === "string" ? job.result.ref : undefined;

const PREVIEW_BYTES = 262_144;
const MAX_WHOLE_FILE_BYTES = 8_000_000;

/**
 * Return the part of a file to send for the preview: its beginning up to the last complete line. Formats that must be
 * read as a whole (Parquet, a JSON array) are sent whole. Returns null if such a file is too large. A compressed file is
 * cut anywhere: the server reads up to there.
 */
export async function readFileStart(file: File): Promise<Blob | null> {
  if (file.size <= PREVIEW_BYTES) return file;
  if (/\.(jsonl|ndjson|csv|tsv)\.gz$/i.test(file.name)) return file.slice(0, PREVIEW_BYTES);
  if (!/\.(jsonl|ndjson|csv|tsv)$/i.test(file.name)) return file.size <= MAX_WHOLE_FILE_BYTES ? file : null;
  const bytes = new Uint8Array(await file.slice(0, PREVIEW_BYTES).arrayBuffer());
  const lastNewline = bytes.lastIndexOf(10);
  return lastNewline > 0 ? file.slice(0, lastNewline + 1) : null;
}

/** Return the highest severity among a report's findings, or `none`. */
export const worstSeverity = (report: Pick<Schema["HealthReport"], "findings">): string =>
  ["error", "warning", "info"].find((severity) => report.findings.some((finding) => finding.severity === severity)) ??
  "none";

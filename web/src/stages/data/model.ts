import type { S } from "@/api/client";
import { textOf } from "@/components/Chat";
import type { Bin } from "@/components/charts/Bars";
import type { GraphEdge } from "@/components/graph";

export type Version = S["DatasetVersion"];
export type Row = S["Row"];
export type Example = S["Example"];

/** A version's ref: its name and the first twelve digits of its hash. */
export const refOf = (version: Pick<Version, "name" | "hash">): string =>
  `${version.name}@${version.hash.slice(0, 12)}`;

const line = (text: string) => text.slice(0, 400).replace(/\s+/g, " ").trim();

/** What a row asks, on one line. */
export const asked = (example: Example): string =>
  line(
    textOf(
      example.messages.findLast((message) => message.role === "user")?.content ?? example.messages.at(-1)?.content,
    ),
  );

const plain = (content: unknown): string => (typeof content === "string" ? content : textOf(content));

/** What a row answers, on one line; the calls where it only calls tools. */
export function answered(example: Example): string {
  const { completion } = example;
  if (!completion) return "";
  return line(plain(completion.content) || textOf(completion.tool_calls));
}

/** The split of a row, where it has one. */
export const splitOf = (example: Example): string | undefined =>
  typeof example.metadata?.split === "string" && example.metadata.split ? example.metadata.split : undefined;

/**
 * What a person asks of rows, `FIELD=VALUE` with commas between: fields of answers are labels, all others metadata.
 * What is not complete yet asks for nothing.
 */
export function wordsOf(where: string | undefined): { metadata?: string[]; label?: string[] } {
  const words = (where ?? "").split(",").map((word) => word.trim());
  const whole = words.filter((word) => /^[^=]+=.+$/.test(word)).map((word) => word.replace(/^metadata\./, ""));
  const some = (found: string[]) => (found.length ? found : undefined);
  const answers = (word: string) => /^completion(\.|=)/.test(word);
  return { metadata: some(whole.filter((word) => !answers(word))), label: some(whole.filter(answers)) };
}

/** What is known of a row beside its split, on one line. */
export const metadataLine = (example: Example): string =>
  Object.entries(example.metadata ?? {})
    .filter(([name]) => name !== "split")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ")
    .slice(0, 300);

const ORDER = ["train", "validation", "test"];

/** Splits in the order people read them: train, validation, test, then the rest by size; rows without a split last. */
export function splitsOf(version: Pick<Version, "rows" | "splits">): { name: string | null; rows: number }[] {
  const known = Object.entries(version.splits ?? {});
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  known.sort(([a, n], [b, m]) => place(a) - place(b) || m - n || a.localeCompare(b));
  const without = version.rows - known.reduce((sum, [, rows]) => sum + rows, 0);
  return [...known.map(([name, rows]) => ({ name, rows })), ...(without > 0 ? [{ name: null, rows: without }] : [])];
}

/** The colour of a split: the same everywhere. */
export function splitColor(name: string | null): string {
  if (name === null) return "--series-6";
  const fixed: Record<string, string> = { train: "--series-1", validation: "--series-2", test: "--series-3" };
  if (name in fixed) return fixed[name] as string;
  let sum = 0;
  for (const sign of name) sum += sign.charCodeAt(0);
  return ["--series-4", "--kind-tool", "--series-5"][sum % 3] as string;
}

/** The lines between versions: each parent that is known to each child. */
export function linesOf(versions: Version[]): GraphEdge[] {
  const known = new Set(versions.map(refOf));
  return versions.flatMap((version) =>
    version.parents.filter((parent) => known.has(parent)).map((parent) => ({ from: parent, to: refOf(version) })),
  );
}

/** Fewer bins than these say nothing of how the values spread: empty ones are put beside them. */
const FEWEST_BINS = 7;

/**
 * The bins of a length distribution. The server gives the upper end of each bin, a power of two; each begins where
 * the one before ends.
 */
export function binsOf(lengths: Pick<S["Lengths"], "histogram">): Bin[] {
  const counts = new Map(lengths.histogram.map(([to, count]) => [to, count]));
  const ends = [...counts.keys()];
  const bins: Bin[] = [];
  for (let to = Math.min(...ends); to <= Math.max(...ends); to *= 2)
    bins.push({ from: to === 1 ? 0 : to / 2, to, count: counts.get(to) ?? 0 });
  while (bins.length && bins.length < FEWEST_BINS) {
    const [first, last] = [bins[0] as Bin, bins.at(-1) as Bin];
    if (bins.length % 2 && first.to > 1)
      bins.unshift({ from: first.to === 2 ? 0 : first.to / 4, to: first.to / 2, count: 0 });
    else bins.push({ from: last.to, to: last.to * 2, count: 0 });
  }
  return bins;
}

/** The settings of an operation that say something to a reader, in the order given. */
export function toldSettings(operation: S["Operation"]): [string, string][] {
  return Object.entries(operation.settings ?? {}).flatMap(([name, value]): [string, string][] => {
    if (name === "change_list" || value === null || value === undefined || value === "") return [];
    if (Array.isArray(value) && value.length === 0) return [];
    if (name === "files" && Array.isArray(value))
      return [[name, value.map((file) => (file as { filename?: string }).filename ?? "").join(", ")]];
    if (Array.isArray(value))
      return [[name, value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ")]];
    if (typeof value === "object") {
      const parts = Object.entries(value).map(
        ([key, held]) => `${key}=${typeof held === "string" ? held : JSON.stringify(held)}`,
      );
      return parts.length ? [[name, parts.join(", ")]] : [];
    }
    return [[name, String(value)]];
  });
}

/** The shares of splits as a person writes them: `train=0.8, test=0.2`; null where it cannot be read. */
export function readShares(text: string): Record<string, number> | null {
  const shares: Record<string, number> = {};
  for (const part of text.split(/[,;\n]/)) {
    if (!part.trim()) continue;
    const [name = "", value = "", ...more] = part.split("=").map((piece) => piece.trim());
    const share = Number(value);
    if (!name || !value || more.length || !(share > 0) || name in shares) return null;
    shares[name] = share;
  }
  const given = Object.values(shares);
  if (given.length === 0) return null;
  const total = given.reduce((sum, share) => sum + share, 0);
  return total <= 1 + 1e-9 || given.every(Number.isInteger) ? shares : null;
}

/** The fields of rows by which they can be split or looked at: of the metadata, and of answers that are JSON. */
export function pathsOf(rows: Row[]): string[] {
  const found = new Set<string>();
  for (const { example } of rows) {
    for (const [key, value] of Object.entries(example.metadata ?? {}))
      if (key !== "id" && key !== "split" && typeof value !== "object") found.add(`metadata.${key}`);
    const answer = objectOf(example.completion?.content);
    for (const [key, value] of Object.entries(answer ?? {}))
      if (typeof value !== "object") found.add(`completion.${key}`);
  }
  return [...found].sort();
}

function objectOf(content: unknown): Record<string, unknown> | null {
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

/** The dataset's name that a file suggests: its own, without endings and with signs that names may have. */
export function nameFor(filename: string): string {
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

/** Whether a dataset can have this name. */
export const fitsName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name);

/** A JSON object that a person wrote; null where it is none. */
export function readObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.trim() || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The version that a finished job made or looked at. */
export const refMade = (job: Pick<S["Job"], "status" | "result"> | undefined): string | undefined =>
  job?.status === "finished" && typeof job.result?.ref === "string" ? job.result.ref : undefined;

const START = 262_144;
const WHOLE = 8_000_000;

/**
 * How much of a file is sent for a look: the beginning, up to its last full line; a kind that only makes sense as a
 * whole (Parquet, a JSON array) whole, unless it is too large, when it is null.
 */
export async function startOf(file: File): Promise<Blob | null> {
  if (file.size <= START) return file;
  if (!/\.(jsonl|ndjson|csv|tsv)$/i.test(file.name)) return file.size <= WHOLE ? file : null;
  const bytes = new Uint8Array(await file.slice(0, START).arrayBuffer());
  const end = bytes.lastIndexOf(10);
  return end > 0 ? file.slice(0, end + 1) : null;
}

/** The gravest finding of a report; `none` where there are none. */
export const worstOf = (report: Pick<S["Report"], "findings">): string =>
  ["error", "warning", "info"].find((severity) => report.findings.some((one) => one.severity === severity)) ?? "none";

import {
  Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { type Definition, type Fields, isObject, isSame, shapeProblem, type Value } from "./definition";

/** Problem of a text: of its YAML, or of the shape that the canvas needs. `line` starts at 1. */
export type TextProblem = { kind: "yaml" | "definition" | "steps"; message: string; line?: number };
export type ReadResult = { definition: Definition; problem: null } | { definition: null; problem: TextProblem };

/** Quote texts that the older version of YAML reads as another type, such as `yes`. */
const OPTIONS = { compat: "yaml-1.1", uniqueKeys: true, prettyErrors: true } as const;
const LAYOUT = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER } as const;
const MAX_FLOW_LENGTH = 60;

/** Results of the last texts. A canvas of 200 steps would parse each text several times. */
const recent = new Map<string, ReadResult>();
const MAX_RECENT = 8;

function remember(text: string, result: ReadResult): ReadResult {
  recent.set(text, result);
  for (const oldest of recent.keys()) if (recent.size > MAX_RECENT) recent.delete(oldest);
  return result;
}

/** Read a YAML text as a definition, or return its first problem. */
export const readText = (text: string): ReadResult => recent.get(text) ?? remember(text, parseText(text));

function parseText(text: string): ReadResult {
  const document = parseDocument(text, OPTIONS);
  const [error] = document.errors;
  if (error)
    return {
      definition: null,
      problem: { kind: "yaml", message: error.message.split("\n")[0] as string, line: error.linePos?.[0].line },
    };
  const value = document.toJS() as Value;
  const kind = shapeProblem(value);
  if (kind) return { definition: null, problem: { kind, message: "" } };
  return { definition: value as Definition, problem: null };
}

/** Return the YAML text of a value. */
export function writeText(value: Value): string {
  const document = new Document(value, { compat: "yaml-1.1" });
  preferFlowForShortLists(document.contents as Node);
  return document.toString({ ...LAYOUT, flowCollectionPadding: false });
}

/** Return a YAML text changed so that it reads as `target`. Comments and style of unchanged parts are kept. */
export function patchText(text: string, target: Fields): string {
  const document = parseDocument(text, OPTIONS);
  if (document.errors.length || !isMap(document.contents)) return writeText(target);
  if (isSame(document.toJS(), target)) return text;
  document.contents = patch(document, document.contents, target) as typeof document.contents;
  // An anchor that was changed also changes its aliases. Only then the whole text is written anew.
  if (!isSame(document.toJS(), target)) return writeText(target);
  const patched = document.toString({ ...LAYOUT, ...detectStyle(text) });
  if (!shapeProblem(target)) remember(patched, { definition: target as Definition, problem: null });
  return patched;
}

function detectStyle(text: string): { flowCollectionPadding: boolean; indentSeq: boolean; indent: number } {
  const indent = /^( +)[^\s#-]/m.exec(text)?.[1]?.length ?? 2;
  return {
    flowCollectionPadding: /(?<!\{)\{ +[^{\s]|\[ +\S/.test(text),
    indentSeq: !/^( *)[^\s#-][^\n]*:[ ]*\n\1- /m.test(text),
    indent: indent > 8 ? 2 : indent,
  };
}

function patch(document: Document, node: Node | null, target: Value): Node {
  if (node !== null && isSame(node.toJS(document), target)) return node;
  if (isMap(node) && isObject(target)) return patchMap(document, node, target);
  if (isSeq(node) && Array.isArray(target)) return patchSequence(document, node, target);
  if (isScalar(node) && !isObject(target) && !Array.isArray(target)) return patchScalar(node, target);
  const created = createNode(document, target);
  if (node) Object.assign(created, { comment: node.comment, commentBefore: node.commentBefore });
  return created;
}

function patchScalar(node: Scalar, target: Value): Node {
  const isMultiline = typeof target === "string" && target.includes("\n");
  if (isMultiline && node.type === Scalar.PLAIN) node.type = undefined;
  if (typeof target !== typeof node.value) {
    node.type = undefined;
    node.format = undefined;
  }
  node.value = target;
  return node;
}

const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);

function patchMap(document: Document, node: YAMLMap, target: Fields): Node {
  const byKey = new Map(node.items.map((pair) => [keyOf(pair as Pair), pair as Pair]));
  const keys = Object.keys(target);
  const added = keys.filter((key) => !byKey.has(key));
  const removed = [...byKey.keys()].filter((key) => !(key in target));
  if (added.length === 1 && removed.length === 1) {
    const renamed = byKey.get(removed[0] as string) as Pair;
    if (isScalar(renamed.key)) {
      renamed.key.value = added[0];
      byKey.set(added[0] as string, renamed);
    }
  }
  node.items = keys.map((key) => {
    const pair = byKey.get(key);
    if (!pair) return new Pair(document.createNode(key), createNode(document, target[key]));
    pair.value = patch(document, pair.value as Node | null, target[key]);
    return pair;
  }) as typeof node.items;
  if (!node.items.length) node.flow = true;
  else if (added.length && node.flow && String(JSON.stringify(target)).length > MAX_FLOW_LENGTH) node.flow = false;
  return node;
}

function patchSequence(document: Document, node: YAMLSeq, target: Value[]): Node {
  const items = node.items as (Node | null)[];
  const equal = (item: Node | null | undefined, value: Value) => isSame(item?.toJS(document), value);
  let start = 0;
  while (start < Math.min(items.length, target.length) && equal(items[start], target[start])) start++;
  let end = 0;
  while (
    end < Math.min(items.length, target.length) - start &&
    equal(items[items.length - 1 - end], target[target.length - 1 - end])
  )
    end++;
  const old = items.slice(start, items.length - end);
  const changed = target
    .slice(start, target.length - end)
    .map((value, index) =>
      index < old.length ? patch(document, old[index] ?? null, value) : createNode(document, value),
    );
  node.items = [...items.slice(0, start), ...changed, ...items.slice(items.length - end)];
  return node;
}

function createNode(document: Document, value: Value): Node {
  const node = document.createNode(value) as Node;
  preferFlowForShortLists(node);
  return node;
}

/** Write short lists of plain values in one line, such as positions. */
function preferFlowForShortLists(node: Node | null): void {
  if (isSeq(node)) {
    if (node.items.every(isScalar) && JSON.stringify(node).length <= MAX_FLOW_LENGTH) node.flow = true;
    for (const item of node.items) preferFlowForShortLists(item as Node);
  } else if (isMap(node)) for (const pair of node.items) preferFlowForShortLists(pair.value as Node);
}

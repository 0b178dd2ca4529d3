import type { S } from "@/api/client";
import type { GraphEdge } from "@/components/graph";
import { type Place, placeOf } from "@/components/things";

type Node = S["Node"];

/** A thing in the picture: what it is, where it opens, and what the server tells of it. */
export type Thing = {
  id: string;
  kind: Node["kind"] | "rows" | "answers" | "earlier";
  ref: string;
  title: string;
  detail: Record<string, unknown>;
  place: Place | null;
  count?: number;
  /** Whether the rows of this card are all there are. */
  few?: boolean;
};
export type Picture = { things: Thing[]; edges: GraphEdge[] };

const idOf = (node: Pick<Node, "kind" | "ref">) => `${node.kind} ${node.ref}`;

const SOURCES = new Set<Node["kind"]>(["file", "document", "annotator"]);

/** How many versions of datasets stand behind one. */
const behind = (node: Node): number =>
  (node.children ?? []).reduce((sum, child) => sum + (child.kind === "dataset" ? 1 + behind(child) : 0), 0);

/**
 * Lineage as a picture in the order of making: rows, dataset, run, model, deployment, answers. Unless `every` step is
 * wanted, the versions behind a dataset are one card, and what a row was read from stands in the row's card. On a narrow
 * screen (`few`) the rows of a dataset are one card too.
 */
export function pictureOf(found: S["Lineage"], every = false, few = false): Picture {
  const things = new Map<string, Thing>();
  const edges = new Map<string, GraphEdge>();
  const put = (thing: Thing) => {
    const had = things.get(thing.id);
    things.set(thing.id, had ? { ...had, detail: { ...thing.detail, ...had.detail } } : thing);
  };
  const join = (from: string, to: string) => edges.set(`${from}>${to}`, { from, to });
  const add = (node: Node): string => {
    const id = idOf(node);
    const { kind, ref, title = "", detail = {} } = node;
    put({ id, kind, ref, title, detail, place: placeOf(kind, ref) });
    return id;
  };
  const back = (node: Node): string => {
    const id = add(node);
    let children = node.children ?? [];
    if (!every && node.kind === "row") {
      const source = children.find((child) => SOURCES.has(child.kind));
      if (source) put({ ...(things.get(id) as Thing), detail: { from: source.ref } });
      children = children.filter((child) => child !== source);
    }
    const older = behind(node);
    if (!every && node.kind === "dataset" && older) {
      const parent = children.find((child) => child.kind === "dataset") as Node;
      const earlier = `earlier ${node.ref}`;
      const place = placeOf("dataset", parent.ref);
      put({ id: earlier, kind: "earlier", ref: parent.ref, title: "", detail: {}, place, count: older });
      join(earlier, id);
      children = children.filter((child) => child.kind !== "dataset");
    }
    const folded = few && node.kind === "dataset" ? children.filter((child) => child.kind === "row").length : 0;
    if (folded) children = children.filter((child) => child.kind !== "row");
    const run = node.kind === "model" ? children.find((child) => child.kind === "run") : undefined;
    for (const child of children) join(back(child), run && child !== run ? idOf(run) : id);
    const hidden = (node.more ?? 0) + folded;
    if (hidden) {
      const more = `rows ${node.ref}`;
      const place = placeOf("dataset", node.ref);
      put({ id: more, kind: "rows", ref: node.ref, title: "", detail: {}, place, count: hidden, few: folded > 0 });
      join(more, id);
    }
    return id;
  };
  const forward = (node: Node): string => {
    const id = add(node);
    const below = (node.children ?? []).map((child) => ({ kind: child.kind, id: forward(child) }));
    for (const child of below) join(id, child.id);
    const answers = node.kind === "model" ? Number(node.detail?.answers ?? 0) : 0;
    if (answers) {
      const all = `answers ${node.ref}`;
      const place = { to: "/traces", search: { model_version: node.ref } };
      put({ id: all, kind: "answers", ref: node.ref, title: "", detail: {}, place, count: answers });
      const served = below.filter((child) => child.kind === "deployment");
      for (const child of served.length ? served : [{ id }]) join(child.id, all);
    }
    return id;
  };
  if (found.backwards) back(found.backwards);
  if (found.forwards) forward(found.forwards);
  return { things: [...things.values()], edges: [...edges.values()] };
}

/** The thing that a lineage is of. */
export const subjectOf = (found: S["Lineage"]): Node | null => found.backwards ?? found.forwards ?? null;

/** The first of a kind below a node, nearest first. */
export function nearest(node: Node | null | undefined, kind: Node["kind"]): Node | null {
  let level = node ? [node] : [];
  while (level.length) {
    const found = level.find((one) => one.kind === kind);
    if (found) return found;
    level = level.flatMap((one) => one.children ?? []);
  }
  return null;
}

/** The way from an answer down to what taught it: answer, deployment, model, run, dataset, as far as it is known. */
export function descent(found: S["Lineage"]): Node[] {
  const kinds: Node["kind"][] = ["answer", "deployment", "model", "run", "dataset"];
  return kinds.flatMap((kind) => nearest(found.backwards, kind) ?? []);
}

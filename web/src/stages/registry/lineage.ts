import type { Schema } from "@/api/client";
import { entityLocation, type Location } from "@/components/entities";
import type { GraphEdge } from "@/components/graph";

type Node = Schema["LineageNode"];

/** Entity in the lineage graph: kind, ref, location and details from the server. */
export type LineageEntity = {
  id: string;
  kind: Node["kind"] | "rows" | "answers" | "earlier";
  ref: string;
  title: string;
  detail: Record<string, unknown>;
  location: Location | null;
  count?: number;
  /** Set if this card represents all rows. */
  isComplete?: boolean;
};
export type LineageGraphData = { entities: LineageEntity[]; edges: GraphEdge[] };

const nodeId = (node: Pick<Node, "kind" | "ref">) => `${node.kind} ${node.ref}`;

const SOURCES = new Set<Node["kind"]>(["file", "document", "annotator"]);

/** Return the number of ancestor versions of a dataset. */
const countAncestors = (node: Node): number =>
  (node.children ?? []).reduce((sum, child) => sum + (child.kind === "dataset" ? 1 + countAncestors(child) : 0), 0);

/**
 * Return lineage as a graph in order of creation: rows, dataset, run, model, deployment, answers. Unless `detailed` is
 * set, the ancestors of a dataset are merged into one card and the source of a row is shown in the row's card. With
 * `compact`, for narrow screens, the rows of a dataset are also merged into one card.
 */
export function toLineageGraph(lineage: Schema["Lineage"], detailed = false, compact = false): LineageGraphData {
  const entities = new Map<string, LineageEntity>();
  const edges = new Map<string, GraphEdge>();
  const addEntity = (entity: LineageEntity) => {
    const existing = entities.get(entity.id);
    entities.set(entity.id, existing ? { ...existing, detail: { ...entity.detail, ...existing.detail } } : entity);
  };
  const addEdge = (from: string, to: string) => edges.set(`${from}>${to}`, { from, to });
  const addNode = (node: Node): string => {
    const id = nodeId(node);
    const { kind, ref, title = "", detail = {} } = node;
    addEntity({ id, kind, ref, title, detail, location: entityLocation(kind, ref) });
    return id;
  };
  const addAncestors = (node: Node): string => {
    const id = addNode(node);
    let children = node.children ?? [];
    if (!detailed && node.kind === "row") {
      const source = children.find((child) => SOURCES.has(child.kind));
      if (source) addEntity({ ...(entities.get(id) as LineageEntity), detail: { from: source.ref } });
      children = children.filter((child) => child !== source);
    }
    const ancestorCount = countAncestors(node);
    if (!detailed && node.kind === "dataset" && ancestorCount) {
      const parent = children.find((child) => child.kind === "dataset") as Node;
      const ancestorsId = `earlier ${node.ref}`;
      const location = entityLocation("dataset", parent.ref);
      addEntity({
        id: ancestorsId,
        kind: "earlier",
        ref: parent.ref,
        title: "",
        detail: {},
        location,
        count: ancestorCount,
      });
      addEdge(ancestorsId, id);
      children = children.filter((child) => child.kind !== "dataset");
    }
    const mergedRows = compact && node.kind === "dataset" ? children.filter((child) => child.kind === "row").length : 0;
    if (mergedRows) children = children.filter((child) => child.kind !== "row");
    const run = node.kind === "model" ? children.find((child) => child.kind === "run") : undefined;
    for (const child of children) addEdge(addAncestors(child), run && child !== run ? nodeId(run) : id);
    const hiddenRows = (node.more ?? 0) + mergedRows;
    if (hiddenRows) {
      const rowsId = `rows ${node.ref}`;
      const location = entityLocation("dataset", node.ref);
      addEntity({
        id: rowsId,
        kind: "rows",
        ref: node.ref,
        title: "",
        detail: {},
        location,
        count: hiddenRows,
        isComplete: mergedRows > 0,
      });
      addEdge(rowsId, id);
    }
    return id;
  };
  const addDescendants = (node: Node): string => {
    const id = addNode(node);
    const descendants = (node.children ?? []).map((child) => ({ kind: child.kind, id: addDescendants(child) }));
    for (const child of descendants) addEdge(id, child.id);
    const answers = node.kind === "model" ? Number(node.detail?.answers ?? 0) : 0;
    if (answers) {
      const answersId = `answers ${node.ref}`;
      const location = { to: "/traces", search: { model_version: node.ref } };
      addEntity({ id: answersId, kind: "answers", ref: node.ref, title: "", detail: {}, location, count: answers });
      const deployments = descendants.filter((child) => child.kind === "deployment");
      for (const child of deployments.length ? deployments : [{ id }]) addEdge(child.id, answersId);
    }
    return id;
  };
  if (lineage.backwards) addAncestors(lineage.backwards);
  if (lineage.forwards) addDescendants(lineage.forwards);
  return { entities: [...entities.values()], edges: [...edges.values()] };
}

/** Return the entity whose lineage this is. */
export const lineageSubject = (lineage: Schema["Lineage"]): Node | null =>
  lineage.backwards ?? lineage.forwards ?? null;

/** Return the nearest descendant of a kind, or the node itself. Returns null if there is none. */
export function findNearest(node: Node | null | undefined, kind: Node["kind"]): Node | null {
  let level = node ? [node] : [];
  while (level.length) {
    const match = level.find((candidate) => candidate.kind === kind);
    if (match) return match;
    level = level.flatMap((candidate) => candidate.children ?? []);
  }
  return null;
}

/**
 * Return the path from an answer to its training data: answer, deployment, model, run, dataset. Unknown steps are
 * omitted.
 */
export function provenancePath(lineage: Schema["Lineage"]): Node[] {
  const kinds: Node["kind"][] = ["answer", "deployment", "model", "run", "dataset"];
  return kinds.flatMap((kind) => findNearest(lineage.backwards, kind) ?? []);
}

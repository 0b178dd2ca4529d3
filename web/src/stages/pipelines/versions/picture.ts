import type { Schema } from "@/api/client";
import { controlEdgeId, type EdgeMark, type StepMark } from "../canvas/view";
import { type Definition, readLayout } from "../model/definition";
import { moveSteps } from "../model/edits";
import { dataEdges, type Graph, INPUTS, OUTPUTS, toGraph } from "../model/graph";

export type PipelineDiff = Schema["PipelineDiff"];
/** Both versions as one graph, with the change of each step and edge. */
export type Picture = { graph: Graph; marks: Map<string, StepMark>; edgeMarks: Map<string, EdgeMark> };

/** Return one graph with the steps and edges of both versions. Removed steps keep their place. */
export function mergeVersions(older: Definition, newer: Definition, diff: PipelineDiff): Picture {
  const [before, after] = [toGraph(older), toGraph(newer)];
  const marks = new Map<string, StepMark>();
  for (const change of diff.steps) marks.set(change.step, { change: change.kind });
  for (const [id, field] of [
    [INPUTS, "inputs"],
    [OUTPUTS, "outputs"],
  ] as const)
    if (diff.fields.some((one) => one.path === field || one.path.startsWith(`${field}.`)))
      marks.set(id, { change: "changed" });

  const ids = new Set(after.steps.map((step) => step.id));
  const removed = before.steps.filter((step) => !ids.has(step.id));
  for (const step of removed) ids.add(step.id);
  let graph: Graph = { ...after, steps: [...after.steps, ...removed] };
  const places = readLayout(older);
  graph = moveSteps(graph, new Map([...places].filter(([id]) => removed.some((step) => step.id === id))));

  const edgeMarks = new Map<string, EdgeMark>();
  const edges = [...graph.edges];
  const known = new Set(dataEdges(graph).map((edge) => `${edge.from}>${edge.to}`));
  for (const edge of diff.edges) {
    const name = edge.source.split(".").at(-1) as string;
    const reference = edge.port ? `${name}.${edge.port}` : name;
    const control = controlEdgeId(reference, edge.target);
    const isControl = edges.some((one) => one.reference === reference && one.to === edge.target);
    if (known.has(`${edge.source}>${edge.target}`))
      edgeMarks.set(`data:${edge.source}>${edge.target}`, { change: edge.kind });
    if (edge.kind === "removed" && !isControl && !known.has(`${edge.source}>${edge.target}`))
      edges.push({ reference, to: edge.target });
    edgeMarks.set(control, { change: edge.kind });
  }
  return { graph: { ...graph, edges }, marks, edgeMarks };
}

/** Kind of a line of a unified difference. */
export type LineKind = "added" | "removed" | "place" | "equal";

/** Return the lines of a unified difference without its header. */
export function diffLines(text: string): { kind: LineKind; text: string }[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("--- ") && !line.startsWith("+++ "))
    .map((line) => {
      const kinds: Record<string, LineKind> = { "+": "added", "-": "removed", "@": "place" };
      return { kind: kinds[line[0] ?? ""] ?? "equal", text: line };
    });
}

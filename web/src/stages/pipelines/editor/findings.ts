import type { Schema } from "@/api/client";
import type { StepMark } from "../canvas/view";
import { type Graph, OUTPUTS } from "../model/graph";

export type Finding = Schema["Finding"] & { step: string; field: string };

/** Return the id of the node that shows a finding. Findings about the outputs belong to their node. */
export function findingNode(graph: Graph, finding: Finding): string | null {
  if (graph.steps.some((step) => step.id === finding.step)) return finding.step;
  return finding.field.startsWith("outputs") ? OUTPUTS : null;
}

/** Return the number of errors and warnings by node. */
export function findingMarks(graph: Graph, findings: readonly Finding[]): Map<string, StepMark> {
  const marks = new Map<string, StepMark>();
  for (const finding of findings) {
    const id = findingNode(graph, finding);
    if (id === null) continue;
    const { errors = 0, warnings = 0 } = marks.get(id) ?? {};
    marks.set(id, finding.level === "warning" ? { errors, warnings: warnings + 1 } : { errors: errors + 1, warnings });
  }
  return marks;
}

import { isObject, type Value } from "./definition";
import { setTop } from "./edits";
import { findStep, type Graph, INPUTS, OUTPUTS, resolveReference, type Step } from "./graph";
import { findReferences, mapTexts, visitTexts, withoutReference } from "./references";

/** Text with a reference of a data edge, and the text without it. `after` is null if it cannot be removed alone. */
export type EdgeReference = { id: string; field: string; before: string; after: string | null };

const nameOf = (graph: Graph, from: string): string =>
  from === INPUTS ? "inputs" : (findStep(graph, from)?.name ?? "");

/** Return true if a text of a step refers to the source of a data edge. */
function belongs(ids: Set<string>, step: Step, text: string, from: string, to: string): boolean {
  return findReferences(text).some(({ name }) => {
    const end = resolveReference(ids, step, name);
    return end?.from === from && end.to === to;
  });
}

/** Return the references from which a data edge follows. */
export function edgeReferences(graph: Graph, from: string, to: string): EdgeReference[] {
  const name = nameOf(graph, from);
  const found: EdgeReference[] = [];
  const add = (id: string, field: string, text: string) =>
    found.push({ id, field, before: text, after: withoutReference(text, name) });
  if (to === OUTPUTS) {
    visitTexts({ outputs: graph.top.outputs }, (text) => {
      if (findReferences(text).some((one) => one.name === name)) add(OUTPUTS, "outputs", text);
    });
    return found;
  }
  const ids = new Set(graph.steps.map((step) => step.id));
  for (const step of graph.steps)
    visitTexts(step.fields, (text, field) => {
      if (belongs(ids, step, text, from, to)) add(step.id, field, text);
    });
  return found;
}

/** Remove a data edge: the references from which it follows. Outputs that become empty are removed. */
export function removeDataEdge(graph: Graph, from: string, to: string): Graph {
  const name = nameOf(graph, from);
  if (edgeReferences(graph, from, to).some((reference) => reference.after === null)) return graph;
  const strip = (text: string) => withoutReference(text, name) ?? text;
  if (to === OUTPUTS) {
    const { outputs } = graph.top;
    if (!isObject(outputs)) return graph;
    const kept = Object.entries(outputs)
      .map(([key, value]): [string, Value] => [key, mapTexts(value, strip)])
      .filter(([key, value]) => value !== "" || outputs[key] === "");
    return setTop(graph, "outputs", kept.length ? Object.fromEntries(kept) : undefined);
  }
  const ids = new Set(graph.steps.map((step) => step.id));
  const steps = graph.steps.map((step): Step => {
    const { steps: nested, ...own } = step.fields;
    const fields = mapTexts(own, (text) => (belongs(ids, step, text, from, to) ? strip(text) : text));
    return {
      ...step,
      fields: (nested === undefined ? fields : { ...(fields as object), steps: nested }) as Step["fields"],
    };
  });
  return { ...graph, steps };
}

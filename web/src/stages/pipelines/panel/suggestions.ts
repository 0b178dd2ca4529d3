import { stepOutputs } from "../canvas/kinds";
import { allEdges } from "../canvas/layout";
import { type Fields, isObject } from "../model/definition";
import { findStep, type Graph } from "../model/graph";

/** Reference that a template can use. */
export type Suggestion = { text: string; from: string };

const keysOf = (value: unknown): string[] => (isObject(value) ? Object.keys(value) : []);

/** Return the ids of all nodes that need a step. A reference to them would be a cycle. */
function dependents(graph: Graph, id: string): Set<string> {
  const edges = allEdges(graph);
  const found = new Set([id]);
  for (const current of found) for (const edge of edges) if (edge.from === current) found.add(edge.to);
  return found;
}

/** Return the references that the templates of a step can use. `null` stands for the outputs of the pipeline. */
export function suggestReferences(graph: Graph, id: string | null): Suggestion[] {
  const suggestions: Suggestion[] = keysOf(graph.top.inputs).map((name) => ({
    text: `inputs.${name}`,
    from: "inputs",
  }));
  const excluded = id === null ? new Set<string>() : dependents(graph, id);
  const scopes: (string | null)[] = [];
  for (let parent = id === null ? null : (findStep(graph, id)?.parent ?? null); ; ) {
    scopes.push(parent);
    if (parent === null) break;
    const container = findStep(graph, parent);
    suggestions.push(...containerValues(container?.fields ?? {}));
    for (const one of dependents(graph, parent)) excluded.add(one);
    parent = container?.parent ?? null;
  }
  const own = findStep(graph, id);
  if (own && isObject(own.fields.steps)) scopes.push(own.id); // the results of a container name its own steps
  if (own?.fields.kind === "loop") suggestions.push(...containerValues(own.fields));
  for (const step of graph.steps)
    if (scopes.includes(step.parent) && (!excluded.has(step.id) || step.parent === id))
      for (const output of stepOutputs(step.fields))
        suggestions.push({ text: `${step.name}.${output}`, from: step.name });
  return suggestions;
}

function containerValues(fields: Fields): Suggestion[] {
  if (fields.kind === "map") return ["item", "index"].map((text) => ({ text, from: "map" }));
  const names = new Set([...keysOf(fields.state), ...keysOf(fields.update)]);
  return ["index", ...[...names].map((name) => `state.${name}`)].map((text) => ({ text, from: "loop" }));
}

/** Return the unfinished reference before the cursor, or null if the cursor is outside of a template. */
export function openReference(text: string, cursor: number): { start: number; typed: string } | null {
  const before = text.slice(0, cursor);
  const match = /\{[{%](?:(?!\}\}|%\}).)*?([\w.]*)$/s.exec(before);
  if (!match) return null;
  const typed = match[1] ?? "";
  return { start: cursor - typed.length, typed };
}

/** Return the text with a reference in place of the unfinished one, and the new position of the cursor. */
export function insertReference(text: string, cursor: number, reference: string): { text: string; cursor: number } {
  const open = openReference(text, cursor);
  if (!open) {
    const inserted = `{{ ${reference} }}`;
    return { text: text.slice(0, cursor) + inserted + text.slice(cursor), cursor: cursor + inserted.length };
  }
  const head = text.slice(0, open.start).replace(/(\{\{)$/, "$1 ");
  const rest = text.slice(cursor);
  const isClosed = /^[^{]*?\}\}/s.test(rest);
  const tail = isClosed ? rest : ` }}${rest}`;
  const end = head.length + reference.length;
  return { text: head + reference + tail, cursor: isClosed ? end : end + 3 };
}

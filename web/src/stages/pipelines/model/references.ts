import { type Fields, isObject, type Value } from "./definition";

const BLOCKS = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
// A string literal, or a name with the attribute after it. A name after a dot is an attribute of something else.
const NAMES = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.])([A-Za-z_]\w*)(?:\s*\.\s*([A-Za-z_]\w*))?/g;

/** Name used by a template, with the attribute that follows it. */
export type Reference = { name: string; attribute?: string };

/** Return the names that a template uses. */
export function findReferences(text: string): Reference[] {
  const found: Reference[] = [];
  for (const [block] of text.matchAll(BLOCKS))
    for (const [, name, attribute] of block.matchAll(NAMES)) if (name) found.push({ name, attribute });
  return found;
}

/** Return a template with one name replaced, outside of string literals. */
export function renameReference(text: string, from: string, to: string): string {
  return text.replace(BLOCKS, (block) =>
    block.replace(NAMES, (match, name?: string) => (name === from ? to + match.slice(from.length) : match)),
  );
}

/** Call a function with each text in a value and the top-level field that contains it. Skips nested steps. */
export function visitTexts(fields: Fields, visit: (text: string, field: string) => void): void {
  const walk = (value: Value, field: string): void => {
    if (typeof value === "string") visit(value, field);
    else if (Array.isArray(value)) for (const item of value) walk(item, field);
    else if (isObject(value)) for (const item of Object.values(value)) walk(item, field);
  };
  for (const [field, value] of Object.entries(fields)) if (field !== "steps") walk(value, field);
}

/** Return a value with each text replaced. */
export function mapTexts(value: Value, replace: (text: string) => string): Value {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, replace)]));
  return value;
}

/**
 * Return a text without the expressions that use a name, or null if a statement such as `{% if … %}` uses it, which
 * cannot be removed alone.
 */
export function withoutReference(text: string, name: string): string | null {
  const uses = (block: string) => findReferences(block).some((reference) => reference.name === name);
  const blocks = text.match(BLOCKS) ?? [];
  if (blocks.some((block) => block.startsWith("{%") && uses(block))) return null;
  return text.replace(BLOCKS, (block) => (uses(block) ? "" : block));
}

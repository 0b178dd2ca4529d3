import { parse } from "yaml";
import { type Fields, isObject, type Value } from "../model/definition";
import { writeText } from "../model/yaml";

export type FieldKind = "text" | "longText" | "number" | "boolean" | "choice" | "list" | "map" | "messages" | "value";
/** Names that the server knows and that a field can suggest. */
export type Suggested = "prompts" | "bases" | "models" | "pipelines";
export type FieldSpec = {
  name: string;
  kind: FieldKind;
  required: boolean;
  description?: string;
  options?: string[];
  placeholder?: string;
  min?: number;
  max?: number;
  suggested?: Suggested;
};

type JsonSchema = Fields;

/** Fields that the panel edits in its own way, and those of all kinds. */
const OWN_FIELDS: ReadonlySet<string> = new Set(["kind", "after", "steps", "title"]);
const COMMON_FIELDS: ReadonlySet<string> = new Set(["timeout_seconds", "retries", "retry_delay_seconds", "on_error"]);
const LONG_TEXTS: ReadonlySet<string> = new Set(["text", "message", "instructions", "code", "question", "query"]);
const SUGGESTED: Record<string, Suggested> = {
  prompt: "prompts",
  base: "bases",
  model: "models",
  rerank: "models",
  route: "models",
  pipeline: "pipelines",
};

const resolve = (root: JsonSchema, schema: Value): JsonSchema => {
  let current = isObject(schema) ? schema : {};
  for (let depth = 0; depth < 8 && typeof current.$ref === "string"; depth++) {
    const target = current.$ref
      .replace(/^#\//, "")
      .split("/")
      .reduce<Value>((value, key) => (isObject(value) ? value[key] : undefined), root);
    current = { ...(isObject(target) ? target : {}), ...Object.fromEntries(Object.entries(current).slice(1)) };
  }
  return current;
};

/** Return the JSON schema of the steps of a kind within the schema of pipelines, or null. */
export function kindSchema(root: JsonSchema, kind: string): JsonSchema | null {
  const schema = resolve(root, { $ref: `#/$defs/step_${kind}` });
  return isObject(schema.properties) ? schema : null;
}

/** Return the fields of a kind of step from the schema of pipelines: its own, or those common to all kinds. */
export function stepFields(root: JsonSchema, kind: string, common = false): FieldSpec[] {
  const schema = kindSchema(root, kind);
  if (!schema) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties as Fields)
    .filter(([name]) => !OWN_FIELDS.has(name) && COMMON_FIELDS.has(name) === common)
    .map(([name, property]) => fieldSpec(root, name, property, required.includes(name)));
}

/** A template may replace a value of any type. */
const isTemplate = (schema: JsonSchema): boolean => typeof schema.pattern === "string" && schema.pattern.includes("{%");

function fieldSpec(root: JsonSchema, name: string, property: Value, required: boolean): FieldSpec {
  const schema = resolve(root, property);
  const all = [schema, ...[schema.anyOf, schema.oneOf].flat()].flatMap((one) => {
    const variant = resolve(root, one);
    return one === schema
      ? [variant]
      : [variant, ...[variant.anyOf, variant.oneOf].flat().map((two) => resolve(root, two))];
  });
  const variants = all.filter((one) => !isTemplate(one));
  const types = new Set(variants.flatMap((one) => (typeof one.type === "string" ? [one.type] : [])));
  types.delete("null");
  const numeric = variants.find((one) => one.type === "integer" || one.type === "number");
  const options = variants.flatMap((one) =>
    Array.isArray(one.enum) ? one.enum.map(String) : typeof one.const === "string" ? [one.const] : [],
  );
  const spec: FieldSpec = { name, kind: "value", required, suggested: SUGGESTED[name] };
  if (typeof schema.description === "string") spec.description = schema.description;
  if (schema.default !== undefined && schema.default !== null && typeof schema.default !== "object")
    spec.placeholder = String(schema.default);
  const isOnly = (...allowed: string[]) => types.size > 0 && [...types].every((type) => allowed.includes(type));
  if (options.length && isOnly("string")) Object.assign(spec, { kind: "choice", options });
  else if (name === "messages") spec.kind = "messages";
  else if (isOnly("boolean")) spec.kind = "boolean";
  else if (isOnly("integer", "number") && !all.some(isTemplate))
    Object.assign(spec, { kind: "number", min: numeric?.minimum ?? numeric?.exclusiveMinimum, max: numeric?.maximum });
  else if (isOnly("string")) spec.kind = LONG_TEXTS.has(name) ? "longText" : "text";
  else if (types.has("array") && variants.some((one) => resolve(root, one.items).type === "string")) spec.kind = "list";
  else if (isOnly("object", "string") && types.has("object") && !name.includes("schema")) spec.kind = "map";
  return spec;
}

/** Return a value as text for a field: a plain text as it is, anything else as YAML. */
export function toText(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "string" && (parseValue(value) === value || value.includes("{{"))) return value;
  return writeText(value).trimEnd();
}

/** Return the value of a text: YAML, except that a template is a text. Throws an error if the YAML is invalid. */
export function fromText(text: string): Value {
  if (!text.trim()) return undefined;
  return parseValue(text);
}

function parseValue(text: string): Value {
  if (text.includes("{{") && !/^\s*([[{"'|>]|- |[\w-]+:(\s|$))/.test(text.replaceAll("{{", "\u0000"))) return text;
  return parse(text) as Value;
}

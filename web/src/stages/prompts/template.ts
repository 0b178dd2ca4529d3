import type { Schema } from "@/api/client";

export type Template = Schema["PromptTemplate"];
type Json = Schema["JsonValue"];
export const ROLES = ["system", "user", "assistant", "developer", "tool"] as const;
export type Role = (typeof ROLES)[number];
export const TYPES = ["string", "integer", "number", "boolean", "array", "object"] as const;

/** Message in the editor: a text with a role, the place of a list of messages, or a part that is edited as JSON. */
export type MessageDraft = { id: string } & (
  | { kind: "text"; role: Role; text: string; rest: Record<string, unknown> }
  | { kind: "placeholder"; name: string }
  | { kind: "json"; json: string }
);
/** Variable in the editor. `rest` has the fields of its schema that the form does not show. */
export type VariableDraft = {
  name: string;
  type: string;
  description: string;
  default: string;
  options: string;
  rest: Record<string, unknown>;
};
export type Draft = {
  description: string;
  messages: MessageDraft[];
  variables: VariableDraft[];
  model: string;
  tools: string;
  outputSchema: string;
  settings: string;
};
export type DraftErrors = Record<string, string>;

const LOOP_VARIABLE = /\{%-?\s*(?:for\s+([\w\s,]+?)\s+in|set\s+(\w+)\s*=)/g;
const EXPRESSION = /\{\{-?([\s\S]*?)-?\}\}|\{%-?\s*(?:if|elif|for\s+[\w\s,]+?\s+in|set\s+\w+\s*=)([\s\S]*?)-?%\}/g;
const TEXT_LITERAL = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
const NAME = /(?<![\w.|])(?<!\|\s)(?<!\bis\s)(?<!\bis not\s)[A-Za-z_]\w*(?!\s*[(=](?!=))/g;
const WORDS = new Set("and or not in is if else true false none True False None loop range".split(" "));
const SIMPLE = /\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}/g;
let counter = 0;
const nextId = () => `m${++counter}`;

export const emptyMessage = (role: Role): MessageDraft => ({ id: nextId(), kind: "text", role, text: "", rest: {} });
export const emptyPlaceholder = (): MessageDraft => ({ id: nextId(), kind: "placeholder", name: "history" });

/** Return the names that a template text uses, in the order of their first occurrence. */
export function findVariables(text: string): string[] {
  const own = new Set(WORDS);
  for (const match of text.matchAll(LOOP_VARIABLE))
    for (const name of (match[1] ?? match[2] ?? "").split(",")) own.add(name.trim());
  const names = new Set<string>();
  for (const match of text.matchAll(EXPRESSION)) {
    const code = (match[1] ?? match[2] ?? "").replace(TEXT_LITERAL, '""');
    for (const [name] of code.matchAll(NAME)) if (!own.has(name)) names.add(name);
  }
  return [...names];
}

const messageTexts = (message: MessageDraft) =>
  message.kind === "text" ? message.text : message.kind === "json" ? message.json : "";

/** Return the variables of all messages of a draft. */
export function usedVariables(draft: Draft): string[] {
  return [
    ...new Set(
      draft.messages.flatMap((message) =>
        message.kind === "placeholder" ? [message.name].filter(Boolean) : findVariables(messageTexts(message)),
      ),
    ),
  ];
}

const newVariable = (name: string, isList: boolean): VariableDraft => ({
  name,
  type: isList ? "array" : "string",
  description: "",
  default: isList ? "[]" : "",
  options: "",
  rest: {},
});

/** Return a draft whose variables are those that its messages use. Variables with settings are kept. */
export function syncVariables(draft: Draft): Draft {
  const used = usedVariables(draft);
  const placeholders = new Set(draft.messages.map((one) => (one.kind === "placeholder" ? one.name : "")));
  const hasSettings = ({ description, options, rest }: VariableDraft) =>
    Boolean(description || options || Object.keys(rest).length);
  const kept = draft.variables.filter((variable) => used.includes(variable.name) || hasSettings(variable));
  const missing = used.filter((name) => !kept.some((variable) => variable.name === name));
  return { ...draft, variables: [...kept, ...missing.map((name) => newVariable(name, placeholders.has(name)))] };
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
const isEmpty = (value: unknown) =>
  value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

function toMessageDraft(message: Template["messages"][number]): MessageDraft {
  if ("placeholder" in message) return { id: nextId(), kind: "placeholder", name: message.placeholder };
  const { role, content, ...others } = message;
  const rest = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null && value !== undefined));
  if (typeof content === "string") return { id: nextId(), kind: "text", role, text: content, rest };
  return { id: nextId(), kind: "json", json: pretty({ role, content, ...rest }) };
}

function toVariableDraft([name, schema]: [string, Record<string, unknown>]): VariableDraft {
  const { type = "string", description = "", default: value, enum: options, ...rest } = schema;
  const simple = typeof type === "string";
  const isText = type === "string";
  return {
    name,
    type: simple ? type : "",
    description: String(description),
    default: value === undefined ? "" : isText ? String(value) || '""' : JSON.stringify(value),
    options: Array.isArray(options) ? options.map(String).join(", ") : "",
    rest: simple ? rest : { type, ...rest },
  };
}

/** Return the draft of a template. */
export function toDraft(template: Template): Draft {
  return {
    description: template.description,
    messages: template.messages.map(toMessageDraft),
    variables: Object.entries(template.variables as Record<string, Record<string, unknown>>).map(toVariableDraft),
    model: template.model ?? "",
    tools: isEmpty(template.tools) ? "" : pretty(template.tools),
    outputSchema: isEmpty(template.output_schema) ? "" : pretty(template.output_schema),
    settings: isEmpty(template.settings) ? "" : pretty(template.settings),
  };
}

function parseJson(text: string, name: string, errors: DraftErrors, wanted: "object" | "array"): unknown {
  if (!text.trim()) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && Array.isArray(value) === (wanted === "array")) return value;
  } catch {
    // reported below
  }
  errors[name] = wanted;
  return undefined;
}

function parseValue(variable: VariableDraft, errors: DraftErrors): unknown {
  const { type, default: text } = variable;
  if (!text.trim()) return undefined;
  if (type === "string" || type === "") return text === '""' ? "" : text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    errors[`variables.${variable.name}`] = "value";
    return undefined;
  }
}

function toSchema(variable: VariableDraft, errors: DraftErrors): Record<string, unknown> {
  const schema: Record<string, unknown> = { ...(variable.type ? { type: variable.type } : {}), ...variable.rest };
  if (variable.description) schema.description = variable.description;
  const options = variable.options
    .split(",")
    .map((option) => option.trim())
    .filter(Boolean);
  if (options.length) {
    const isNumber = variable.type === "integer" || variable.type === "number";
    schema.enum = isNumber ? options.map(Number) : options;
  }
  const value = parseValue(variable, errors);
  if (value !== undefined) schema.default = value;
  return schema;
}

/** Return the template of a draft, and the fields that are not valid JSON. */
export function toTemplate(draft: Draft): { template: Template; errors: DraftErrors } {
  const errors: DraftErrors = {};
  const messages = draft.messages.map((message, index) => {
    if (message.kind === "placeholder") return { placeholder: message.name };
    if (message.kind === "text") return { role: message.role, content: message.text, ...message.rest };
    return parseJson(message.json, `messages.${index}`, errors, "object") ?? {};
  });
  const template = {
    description: draft.description,
    variables: Object.fromEntries(draft.variables.map((variable) => [variable.name, toSchema(variable, errors)])),
    messages,
    tools: parseJson(draft.tools, "tools", errors, "array") ?? [],
    output_schema: parseJson(draft.outputSchema, "outputSchema", errors, "object") ?? null,
    model: draft.model.trim() || null,
    settings: parseJson(draft.settings, "settings", errors, "object") ?? {},
  };
  return { template: template as unknown as Template, errors };
}

/** Return the values of a form as JSON values by the types of the variables. Empty fields are left out. */
export function parseValues(variables: VariableDraft[], values: Record<string, string>): Record<string, Json> {
  const parsed: Record<string, Json> = {};
  for (const { name, type } of variables) {
    const text = values[name] ?? "";
    if (text === "") continue;
    if (type === "string" || type === "") parsed[name] = text as Json;
    else {
      try {
        parsed[name] = JSON.parse(text) as Json;
      } catch {
        parsed[name] = text as Json; // the server names the type that it expects
      }
    }
  }
  return parsed;
}

/** Return whether a draft can be filled in without the server: it has only plain variables. */
export const isSimple = (draft: Draft): boolean =>
  draft.messages.every((message) => message.kind === "text" && !/\{[{%#]/.test(message.text.replace(SIMPLE, "")));

/** Return the messages of a simple draft with its variables filled in. Missing values are empty. */
export function fillDraft(draft: Draft, values: Record<string, Json>): { role: string; content: string }[] {
  const textOf = (name: string) => {
    const variable = draft.variables.find((one) => one.name === name);
    const value = values[name] ?? (variable?.default === '""' ? "" : variable?.default) ?? "";
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  return draft.messages.flatMap((message) =>
    message.kind === "text"
      ? [{ role: message.role, content: message.text.replace(SIMPLE, (_, name: string) => textOf(name)) }]
      : [],
  );
}

import {
  Bot,
  Boxes,
  Braces,
  CircleHelp,
  Code,
  Combine,
  Database,
  FileText,
  Globe,
  ListOrdered,
  type LucideIcon,
  Plug,
  Puzzle,
  Repeat,
  Rows3,
  ShieldCheck,
  Split,
  Tags,
  UserCheck,
  Workflow,
} from "lucide-react";
import { type Fields, isObject, isTextList, type StepFields } from "../model/definition";

type KindView = { icon: LucideIcon; color: string; main: string[] };

/** Icon, colour and the fields that summarise a step, by kind. */
const KINDS: Record<string, KindView> = {
  prompt: { icon: Bot, color: "--kind-llm", main: ["prompt", "model"] },
  retrieve: { icon: Database, color: "--kind-retriever", main: ["base"] },
  rerank: { icon: ListOrdered, color: "--kind-retriever", main: ["model", "limit"] },
  classify: { icon: Tags, color: "--kind-llm", main: ["model"] },
  extract: { icon: Braces, color: "--kind-llm", main: ["model"] },
  http: { icon: Globe, color: "--kind-tool", main: ["method", "url"] },
  mcp: { icon: Plug, color: "--kind-tool", main: ["server", "tool"] },
  python: { icon: Code, color: "--kind-tool", main: ["code"] },
  call: { icon: Puzzle, color: "--kind-tool", main: ["target", "runnable", "function"] },
  branch: { icon: Split, color: "--kind-chain", main: [] },
  join: { icon: Combine, color: "--kind-chain", main: ["mode"] },
  loop: { icon: Repeat, color: "--kind-chain", main: ["until"] },
  map: { icon: Rows3, color: "--kind-chain", main: ["over"] },
  approval: { icon: UserCheck, color: "--kind-guardrail", main: ["message", "title"] },
  guard: { icon: ShieldCheck, color: "--kind-guardrail", main: ["guard", "guards"] },
  pipeline: { icon: Workflow, color: "--kind-chain", main: ["pipeline"] },
  template: { icon: FileText, color: "--kind-chain", main: ["text"] },
  output: { icon: Boxes, color: "--kind-chain", main: ["value"] },
};
export const KIND_NAMES = Object.keys(KINDS);
const MAX_SUMMARY = 60;

export const kindView = (kind: string): KindView => KINDS[kind] ?? { icon: CircleHelp, color: "--muted", main: [] };

/** Return true if steps of a kind contain steps. */
export const hasSteps = (kind: string): boolean => kind === "loop" || kind === "map";

/** Return the names that the server gives the ports of a step. */
export function stepPorts(fields: StepFields): string[] {
  const ports = [...kindPorts(fields)];
  if (fields.on_error === "branch") ports.push("error");
  return [...new Set(ports)];
}

function kindPorts(fields: Fields): string[] {
  switch (fields.kind) {
    case "branch":
      return [...namesOf(fields.branches), "else"];
    case "classify":
      return [...namesOf(fields.classes), ...(typeof fields.fallback === "string" ? [fields.fallback] : [])];
    case "approval":
      return ["approved", "rejected", ...(fields.on_timeout === "branch" ? ["timeout"] : [])];
    case "guard":
      return fields.on_block === "branch" ? ["passed", "blocked"] : [];
    default:
      return [];
  }
}

const namesOf = (value: unknown): string[] => (isObject(value) ? Object.keys(value) : []);

const OUTPUTS: Record<string, string[]> = {
  prompt: ["text", "message", "tool_calls", "model", "finish_reason", "usage"],
  retrieve: ["text", "passages", "count"],
  rerank: ["text", "passages", "scores"],
  classify: ["label", "answer"],
  extract: ["data", "attempts"],
  http: ["body", "text", "status", "headers"],
  mcp: ["text", "data", "content"],
  python: ["result", "printed"],
  call: ["output", "text"],
  branch: ["port"],
  join: ["value", "merged", "list"],
  loop: ["state", "iterations", "finished"],
  map: ["results", "errors", "count"],
  approval: ["decision", "comment", "by", "data"],
  guard: ["text", "blocked", "findings"],
  output: ["value"],
};

/** Return the names of the outputs of a step that are known without running it. */
export function stepOutputs(fields: StepFields): string[] {
  const names = [...(OUTPUTS[fields.kind] ?? [])];
  if (fields.kind === "python") names.unshift(...namesOf(fields.outputs));
  if (fields.kind === "template") names.push(fields.value === undefined ? "text" : "value");
  if (fields.kind === "prompt" && (fields.output_schema || fields.prompt)) names.push("data");
  if (fields.kind === "loop")
    names.push(
      ...Object.keys({ ...asFields(fields.state), ...asFields(fields.update) }).map((name) => `state.${name}`),
    );
  if (fields.kind === "extract" && isObject(fields.output_schema))
    names.push(...namesOf(fields.output_schema.properties).map((name) => `data.${name}`));
  return [...new Set(names)];
}

const asFields = (value: unknown): Fields => (isObject(value) ? value : {});

/** Return one line about the settings of a step. */
export function summarise(fields: StepFields): string {
  const parts = kindView(fields.kind).main.flatMap((field) => {
    const value = fields[field];
    return typeof value === "string" || typeof value === "number" ? [String(value)] : isTextList(value) ? value : [];
  });
  const [line = ""] = parts.join(" · ").trim().split("\n");
  return line.length > MAX_SUMMARY ? `${line.slice(0, MAX_SUMMARY)}…` : line;
}

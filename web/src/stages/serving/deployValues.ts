import type { Schema } from "@/api/client";
import { unusedName } from "./deployment";

const BYTES_PER_MEGABYTE = 1_000_000;

/** Field of the form for each path of the request. */
export const FIELDS = {
  model: "model",
  engine: "engine",
  "settings.quantization": "quantization",
  "settings.chat_template": "template",
  "settings.cluster": "cluster",
  "settings.evaluate": "suite",
  "settings.defaults.temperature": "temperature",
  "settings.defaults.top_p": "topP",
  "settings.defaults.max_tokens": "maxTokens",
  "settings.defaults.seed": "seed",
  "settings.defaults.stop": "stop",
  "settings.defaults.system": "system",
} as const;

type Settings = Schema["DeploymentSettings"];
/** Values of the form. */
export type Values = ReturnType<typeof initialValues>;

/** Return the values of a new form. */
export function initialValues(model: string, takenNames: string[]) {
  return {
    model,
    name: model ? unusedName(model, takenNames) : "",
    engine: "",
    threads: 0,
    context: 0,
    batch: 8,
    prefix: 256,
    parity: true,
    follow: true,
    quantization: "",
    reproducible: false,
    minReplicas: 1,
    maxReplicas: 1,
    idle: 0,
    queue: 128,
    firstToken: 0,
    dataset: "",
    split: "test",
    scorers: ["exact_match"],
    suite: "",
    temperature: "" as number | string,
    topP: "" as number | string,
    maxTokens: "" as number | string,
    seed: "" as number | string,
    stop: [] as string[],
    system: "",
    template: "",
    cluster: "" as Settings["cluster"],
  };
}

/** Return the defaults of requests that are set. */
function toDefaults({ temperature, topP, maxTokens, seed, stop, system }: Values) {
  const numbers = { temperature, top_p: topP, max_tokens: maxTokens, seed };
  const set = Object.entries(numbers).filter(([, value]) => value !== "");
  return {
    ...Object.fromEntries(set.map(([name, value]) => [name, Number(value)])),
    ...(stop.length ? { stop } : {}),
    ...(system.trim() ? { system } : {}),
  } as Settings["defaults"];
}

/** Return the request of the form. */
export function toBody(values: Values): Schema["DeploymentCreate"] {
  const { dataset, split, scorers, suite } = values;
  const evaluate = suite ? { suite } : dataset ? { dataset, split, scorers } : null;
  return {
    model: values.model,
    engine: values.engine || null,
    settings: {
      threads: values.threads,
      context: values.context,
      batch: values.batch,
      prefix_bytes: values.prefix * BYTES_PER_MEGABYTE,
      parity: values.parity ? "required" : "skip",
      follow: values.follow,
      evaluate: evaluate as Settings["evaluate"],
      quantization: values.quantization,
      reproducible: values.reproducible,
      min_replicas: values.minReplicas,
      max_replicas: Math.max(values.minReplicas, values.maxReplicas),
      idle_seconds: values.idle,
      queue_limit: values.queue,
      first_token_target_ms: values.firstToken,
      defaults: toDefaults(values),
      chat_template: values.template,
      cluster: values.cluster,
    } satisfies Partial<Settings> as Settings,
  };
}

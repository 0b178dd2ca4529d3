/** Setting of a recipe, read from its JSON schema. */
export type Field = {
  name: string;
  title: string;
  description: string;
  kind: "number" | "integer" | "boolean" | "choice" | "list" | "text";
  choices: string[];
  min?: number;
  max?: number;
  initial: unknown;
};

type Schema = Record<string, unknown>;

const KINDS: Record<string, string> = { number: "number", integer: "integer", boolean: "boolean", array: "list" };

/** Most common settings. The others are collapsed. */
export const COMMON = ["method", "learning_rate", "epochs", "batch_size", "lora_rank", "max_length"];

/** Groups of the other settings, in the order of the form. Settings in no group are shown last. */
export const GROUPS: { name: string; settings: string[] }[] = [
  {
    name: "memory",
    settings: [
      "gradient_accumulation",
      "gradient_checkpointing",
      "quantization",
      "dtype",
      "packing",
      "group_by_length",
    ],
  },
  {
    name: "adapter",
    settings: ["adapter", "lora_alpha", "lora_dropout", "target_modules", "save_modules", "base_adapter"],
  },
  {
    name: "optimizer",
    settings: [
      "scheduler",
      "warmup",
      "weight_decay",
      "max_grad_norm",
      "optimizer",
      "seed",
      "max_rewinds",
      "spike_deviations",
    ],
  },
  {
    name: "evaluation",
    settings: ["eval_every", "checkpoint_every", "early_stopping_patience", "keep_best", "best_metric"],
  },
  { name: "samples", settings: ["samples", "sample_tokens", "scorers"] },
];

/** Recipes by what a model learns from, in the order of the form. Recipes in no group are shown last. */
export const RECIPE_GROUPS: { name: string; recipes: string[] }[] = [
  { name: "answers", recipes: ["sft", "distil", "provider"] },
  { name: "documents", recipes: ["continue", "pretrain"] },
  { name: "preferences", recipes: ["dpo", "orpo", "kto"] },
  { name: "rewards", recipes: ["reward", "grpo"] },
];

type RecipeTexts = { groups: Record<string, string>; names: Record<string, string> };

/** Return the recipes as options of a select, in groups. */
export function recipeOptions(names: string[], texts: RecipeTexts) {
  const known = RECIPE_GROUPS.flatMap((group) => group.recipes);
  const groups = [...RECIPE_GROUPS, { name: "other", recipes: names.filter((name) => !known.includes(name)) }];
  return groups
    .map(({ name, recipes }) => ({
      group: texts.groups[name] ?? name,
      items: recipes
        .filter((recipe) => names.includes(recipe))
        .map((recipe) => ({
          value: recipe,
          label: texts.names[recipe] ? `${texts.names[recipe]} (${recipe})` : recipe,
        })),
    }))
    .filter(({ items }) => items.length > 0);
}

/** Presets of the method. A preset is offered if the recipe has all of its settings. */
export const PRESETS: { name: string; settings: Record<string, unknown> }[] = [
  {
    name: "lora",
    settings: { method: "lora", quantization: "none", gradient_checkpointing: false, learning_rate: 1e-3 },
  },
  {
    name: "qlora",
    settings: { method: "lora", quantization: "nf4", gradient_checkpointing: true, learning_rate: 1e-3 },
  },
  {
    name: "full",
    settings: { method: "full", quantization: "none", gradient_checkpointing: false, learning_rate: 5e-5 },
  },
];

/** Return the fields by the name of their group; `other` has those without one. */
export function groupFields(fields: Field[]): Record<string, Field[]> {
  const grouped: Record<string, Field[]> = {};
  for (const field of fields) {
    const name = GROUPS.find((group) => group.settings.includes(field.name))?.name ?? "other";
    grouped[name] = [...(grouped[name] ?? []), field];
  }
  return grouped;
}

/** Return the fields of a recipe's settings, in the order of the schema. */
export function schemaFields(schema: Schema): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  return Object.entries(properties).map(([name, property]) => {
    const options = (property.anyOf as Schema[] | undefined) ?? [property];
    const option = options.find((candidate) => candidate.type !== "null") ?? property;
    const choices = (property.enum ?? option.enum ?? []) as string[];
    const number = (key: string) => (property[key] ?? option[key]) as number | undefined;
    const type = option.type as string;
    const kind = choices.length ? "choice" : (KINDS[type] ?? "text");
    return {
      name,
      title: String(property.title ?? name),
      description: String(property.description ?? ""),
      kind: kind as Field["kind"],
      choices,
      min: number("minimum") ?? number("exclusiveMinimum"),
      max: number("maximum") ?? number("exclusiveMaximum"),
      initial: property.default ?? null,
    };
  });
}

/** Return the settings that differ from their defaults. */
export function changedSettings(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    fields
      .map((field): [string, unknown] => [field.name, values[field.name] === "" ? null : values[field.name]])
      .filter(
        ([name, value]) =>
          value !== undefined && value !== fields.find((candidate) => candidate.name === name)?.initial,
      ),
  );
}

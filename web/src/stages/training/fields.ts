/** Setting of a recipe, read from its JSON schema. */
export type Field = {
  name: string;
  title: string;
  description: string;
  kind: "number" | "integer" | "boolean" | "choice" | "text";
  choices: string[];
  min?: number;
  max?: number;
  initial: unknown;
};

type Schema = Record<string, unknown>;

/** Most common settings. The others are collapsed. */
export const COMMON = ["method", "learning_rate", "epochs", "batch_size", "lora_rank", "max_length"];

/** Return the fields of a recipe's settings, in the order of the schema. */
export function schemaFields(schema: Schema): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  return Object.entries(properties).map(([name, property]) => {
    const options = (property.anyOf as Schema[] | undefined) ?? [property];
    const option = options.find((candidate) => candidate.type !== "null") ?? property;
    const choices = (property.enum ?? option.enum ?? []) as string[];
    const number = (key: string) => (property[key] ?? option[key]) as number | undefined;
    const type = option.type as string;
    const kind = choices.length ? "choice" : ["number", "integer", "boolean"].includes(type) ? type : "text";
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

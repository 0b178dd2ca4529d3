/** A setting of a recipe, read from its JSON schema. */
export type Field = {
  name: string;
  title: string;
  about: string;
  kind: "number" | "integer" | "boolean" | "choice" | "text";
  choices: string[];
  min?: number;
  max?: number;
  initial: unknown;
};

type Schema = Record<string, unknown>;

/** The settings that are chosen most; the others are folded. */
export const COMMON = ["method", "learning_rate", "epochs", "batch_size", "lora_rank", "max_length"];

/** The fields of a recipe's settings, in the schema's order. */
export function fieldsOf(schema: Schema): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  return Object.entries(properties).map(([name, one]) => {
    const options = (one.anyOf as Schema[] | undefined) ?? [one];
    const real = options.find((option) => option.type !== "null") ?? one;
    const choices = (one.enum ?? real.enum ?? []) as string[];
    const number = (key: string) => (one[key] ?? real[key]) as number | undefined;
    const type = real.type as string;
    const kind = choices.length ? "choice" : ["number", "integer", "boolean"].includes(type) ? type : "text";
    return {
      name,
      title: String(one.title ?? name),
      about: String(one.description ?? ""),
      kind: kind as Field["kind"],
      choices,
      min: number("minimum") ?? number("exclusiveMinimum"),
      max: number("maximum") ?? number("exclusiveMaximum"),
      initial: one.default ?? null,
    };
  });
}

/** What is sent: the settings that differ from their defaults. */
export function changed(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    fields
      .map((field): [string, unknown] => [field.name, values[field.name] === "" ? null : values[field.name]])
      .filter(([name, value]) => value !== undefined && value !== fields.find((one) => one.name === name)?.initial),
  );
}

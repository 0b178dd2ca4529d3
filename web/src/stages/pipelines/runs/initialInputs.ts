import { type Fields, isObject, type Value } from "../model/definition";

/** Return the inputs with which a form starts: the defaults of the schemas, or earlier values. */
export function initialInputs(inputs: Value, earlier: Fields = {}): Fields {
  const values: Fields = {};
  for (const [name, schema] of Object.entries(isObject(inputs) ? inputs : {})) {
    if (name in earlier) values[name] = earlier[name];
    else if (isObject(schema) && schema.default !== undefined) values[name] = schema.default;
  }
  return values;
}

/** A value of a definition. */
export type Value = unknown;
export type Fields = Record<string, Value>;

/** Fields of a step. Fields that the console does not know are kept. */
export type StepFields = Fields & { kind: string };
export type Position = [number, number];
export type Note = Fields & { text: string; position: Position };
export type StepGroup = Fields & { name: string; steps: string[] };

/** Definition of a pipeline, as in its YAML text. */
export type Definition = Fields & { steps: Record<string, StepFields> };

export const isObject = (value: Value): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isTextList = (value: Value): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Return true if two values are equal, including the order of keys. */
export const isSame = (a: Value, b: Value): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Return the problem of a value that is not a pipeline that the canvas can show, or null. */
export function shapeProblem(value: Value): "definition" | "steps" | null {
  if (!isObject(value)) return "definition";
  return hasSteps(value.steps) ? null : "steps";
}

function hasSteps(value: Value): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).every(
    (step) => isObject(step) && typeof step.kind === "string" && (!isObject(step.steps) || hasSteps(step.steps)),
  );
}

/** Return the notes of a definition that have a text and a position. */
export function readNotes(definition: Fields): Note[] {
  const notes = Array.isArray(definition.notes) ? definition.notes : [];
  return notes.filter((note): note is Note => isObject(note) && typeof note.text === "string");
}

/** Return the groups of a definition. */
export function readGroups(definition: Fields): StepGroup[] {
  const groups = Array.isArray(definition.groups) ? definition.groups : [];
  return groups.filter(
    (group): group is StepGroup => isObject(group) && typeof group.name === "string" && isTextList(group.steps),
  );
}

/** Return a position, or null if the value is none. */
export const readPosition = (value: Value): Position | null =>
  Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === "number")
    ? (value as Position)
    : null;

/** Return the positions of steps on the canvas by id. */
export function readLayout(definition: Fields): Map<string, Position> {
  const entries = isObject(definition.layout) ? Object.entries(definition.layout) : [];
  return new Map(
    entries.flatMap(([id, value]) => {
      const position = readPosition(value);
      return position ? [[id, position] as const] : [];
    }),
  );
}

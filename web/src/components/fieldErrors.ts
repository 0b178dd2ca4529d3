import type { UseFormReturnType } from "@mantine/form";
import { ApiError } from "@/api/client";

/**
 * Return the messages of a rejected request by field of a form. `fields` maps paths in the request body to fields; a
 * path also stands for the paths below it. Messages without a field are left out.
 */
export function fieldErrors<Field extends string>(
  error: unknown,
  fields: Partial<Record<string, Field>>,
): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  for (const { path, message } of error instanceof ApiError ? error.faults : []) {
    const names = path.split(".");
    const known = names.map((_, index) => names.slice(0, names.length - index).join("."));
    const field = known.map((name) => fields[name]).find(Boolean);
    if (field) found[field] ??= message;
  }
  return found;
}

/** Show the messages of a rejected request at their fields, and move to the first one. Returns false if none has a field. */
export function showFieldErrors<Values extends object>(
  form: UseFormReturnType<Values>,
  error: unknown,
  fields: Partial<Record<string, keyof Values & string>>,
): boolean {
  const errors = fieldErrors(error, fields);
  form.setErrors(errors);
  focusFirst(form, errors);
  return Object.keys(errors).length > 0;
}

/** Move the focus to the first field with an error. */
export function focusFirst<Values extends object>(form: UseFormReturnType<Values>, errors: object): void {
  const nodes = Object.keys(errors).map((name) => form.getInputNode(name));
  const first = nodes
    .filter((node) => node !== null)
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0];
  first?.focus();
}

/** Where something of Vong is shown: a path, and what goes into the address behind it. */
export type Place = { to: string; search?: Record<string, string> };

const path = (...parts: string[]) =>
  `/${parts.map((part, index) => (index ? encodeURIComponent(part) : part)).join("/")}`;

/** The name in a ref: `triage` of `triage@1f0c9a27b4de` and of `triage:prod`. */
export const nameOf = (ref: string): string => ref.split(/[@:]/)[0] as string;

/** The part of a ref that tells versions apart, short enough for a label. */
export const versionOf = (ref: string): string => ref.split(/[@:]/)[1] ?? "";

/** The page of a thing, by its kind and its ref; null where it has none of its own. */
export function placeOf(kind: string, ref: string): Place | null {
  switch (kind) {
    case "answer":
    case "span":
      return { to: "/traces", search: { span: ref } };
    case "deployment":
      return { to: path("serving", ref) };
    case "model":
      return { to: path("registry", nameOf(ref)), search: { version: ref } };
    case "run":
      return { to: path("training/runs", ref) };
    case "dataset":
      return { to: path("data", nameOf(ref)), search: { version: ref } };
    case "row":
      return { to: "/registry/lineage", search: { of: ref } };
    default:
      return null;
  }
}

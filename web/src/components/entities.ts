/** Location in the console: path and search parameters. */
export type Location = { to: string; search?: Record<string, string | number> };

const toPath = (...segments: string[]) =>
  `/${segments.map((segment, index) => (index ? encodeURIComponent(segment) : segment)).join("/")}`;

/** Return the name in a ref: `triage` for `triage@1f0c9a27b4de` and `triage:prod`. */
export const refName = (ref: string): string => ref.split(/[@:]/)[0] as string;

/** Return the version part of a ref, short enough for a label. */
export const refVersion = (ref: string): string => ref.split(/[@:]/)[1] ?? "";

/** Return the location of an entity by kind and ref, or null if the entity has no page. */
export function entityLocation(kind: string, ref: string): Location | null {
  switch (kind) {
    case "answer":
    case "span":
      return { to: "/traces", search: { span: ref } };
    case "deployment":
      return { to: toPath("serving", ref) };
    case "model":
      return { to: toPath("registry", refName(ref)), search: { version: ref } };
    case "run":
      return { to: toPath("training/runs", ref) };
    case "dataset":
      return { to: toPath("data", refName(ref)), search: { version: ref } };
    case "row":
      return { to: "/registry/lineage", search: { ref } };
    default:
      return null;
  }
}

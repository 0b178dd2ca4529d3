import type { PipelineVersion } from "../queries";

const key = (name: string): string => `vong-pipeline-draft:${name}`;

/** Return the stored text of unsaved changes to a version, or null. Changes to an older version are kept, too. */
export function readDraft(version: PipelineVersion): string | null {
  try {
    const stored = JSON.parse(localStorage.getItem(key(version.name)) ?? "null") as { text?: unknown } | null;
    return typeof stored?.text === "string" ? stored.text : null;
  } catch {
    return null;
  }
}

/** Return the number of the version on which the stored changes are based, or null. */
export function readDraftBase(name: string): number | null {
  try {
    const stored = JSON.parse(localStorage.getItem(key(name)) ?? "null") as { base?: unknown } | null;
    return typeof stored?.base === "number" ? stored.base : null;
  } catch {
    return null;
  }
}

/** Store unsaved changes in the browser, so that they survive a reload. */
export function storeDraft(version: PipelineVersion, text: string): void {
  try {
    localStorage.setItem(key(version.name), JSON.stringify({ base: version.number, text }));
  } catch {
    // The storage is full or disabled. The changes then last until the page is closed.
  }
}

/** Remove the stored changes of a pipeline. */
export const clearDraft = (name: string): void => localStorage.removeItem(key(name));

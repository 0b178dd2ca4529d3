/** Texts of a pipeline: the current one, and those for undo and redo. */
export type History = { past: string[]; text: string; future: string[]; lastEdit: { key: string; at: number } | null };

export type HistoryAction =
  | { type: "edit"; text: string; key?: string; at?: number }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "reset"; text: string };

const MAX_STEPS = 200;
/** Edits with the same key within this time are one step. */
const MERGE_MS = 1_000;

export const startHistory = (text: string): History => ({ past: [], text, future: [], lastEdit: null });

/** Return the history after an action. */
export function reduceHistory(history: History, action: HistoryAction): History {
  const { past, text, future, lastEdit } = history;
  switch (action.type) {
    case "reset":
      return startHistory(action.text);
    case "edit": {
      if (action.text === text) return history;
      const at = action.at ?? Date.now();
      const merges = action.key !== undefined && lastEdit?.key === action.key && at - lastEdit.at < MERGE_MS;
      return {
        past: merges ? past : [...past, text].slice(-MAX_STEPS),
        text: action.text,
        future: [],
        lastEdit: action.key === undefined ? null : { key: action.key, at },
      };
    }
    case "undo": {
      const previous = past.at(-1);
      if (previous === undefined) return history;
      return { past: past.slice(0, -1), text: previous, future: [text, ...future], lastEdit: null };
    }
    case "redo": {
      const [next, ...rest] = future;
      if (next === undefined) return history;
      return { past: [...past, text], text: next, future: rest, lastEdit: null };
    }
  }
}

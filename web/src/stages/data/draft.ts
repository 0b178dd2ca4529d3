import type { Example } from "./model";

type Message = Example["messages"][number];

/** Row being edited. A `text` of null marks a message that is not plain text: `original` is kept unchanged. */
export type Draft = {
  /** Text of a document. Null if the row is a conversation. */
  document: string | null;
  messages: { key: number; role: Message["role"]; text: string | null; original: Partial<Message> }[];
  /** Null if the answer is not plain text. */
  completion: string | null;
  rejected: string | null;
  metadata: string;
};

const isPlainText = (message: Partial<Message> | null | undefined) =>
  !message || typeof message.content === "string" || (message.content ?? null) === null;

/** Return the editable fields of a row. */
export function toDraft(example: Example): Draft {
  const { completion, rejected } = example;
  return {
    document: example.text ?? null,
    messages: example.messages.map((original, key) => ({
      key,
      role: original.role,
      text: typeof original.content === "string" ? original.content : null,
      original,
    })),
    completion:
      isPlainText(completion) && !completion?.tool_calls ? ((completion?.content as string | null) ?? "") : null,
    rejected: rejected && typeof rejected.content === "string" ? rejected.content : null,
    metadata: JSON.stringify(example.metadata ?? {}, null, 2),
  };
}

function editedMessage(original: Message | null | undefined, text: string | null): Message | null {
  if (text === null) return original ?? null;
  if (!text && !original) return null;
  return { ...(original ?? { role: "assistant" as const }), content: text };
}

/** Return whether a text that must not be empty is empty. */
export const hasEmptyText = ({ document, messages }: Draft): boolean =>
  document === null ? messages.some(({ text }) => text !== null && !text.trim()) : !document.trim();

/** Return the edited row. Fields outside the draft (tools, weight, origin, tool calls) are unchanged. */
export function applyDraft(example: Example, draft: Draft, metadata: Record<string, unknown>): Example {
  if (draft.document !== null) return { ...example, text: draft.document, metadata };
  return {
    ...example,
    messages: draft.messages.map(({ role, text, original }) => ({
      ...original,
      role,
      content: text === null ? original.content : text,
    })),
    completion: editedMessage(example.completion, draft.completion),
    rejected: editedMessage(example.rejected, draft.rejected),
    metadata,
  };
}

import type { Example } from "./model";

type Message = Example["messages"][number];

/** A row while it is edited. A `text` of null is a message that is no plain text: it stays as `given`. */
export type Draft = {
  messages: { key: number; role: Message["role"]; text: string | null; given: Partial<Message> }[];
  /** Null where there is an answer that is no plain text. */
  completion: string | null;
  rejected: string | null;
  metadata: string;
};

const textual = (message: Partial<Message> | null | undefined) =>
  !message || typeof message.content === "string" || (message.content ?? null) === null;

/** A row as it can be edited. */
export function draftOf(example: Example): Draft {
  const { completion, rejected } = example;
  return {
    messages: example.messages.map((given, key) => ({
      key,
      role: given.role,
      text: typeof given.content === "string" ? given.content : null,
      given,
    })),
    completion: textual(completion) && !completion?.tool_calls ? ((completion?.content as string | null) ?? "") : null,
    rejected: rejected && typeof rejected.content === "string" ? rejected.content : null,
    metadata: JSON.stringify(example.metadata ?? {}, null, 2),
  };
}

function answer(given: Message | null | undefined, text: string | null): Message | null {
  if (text === null) return given ?? null;
  if (!text && !given) return null;
  return { ...(given ?? { role: "assistant" as const }), content: text };
}

/** The edited row. What the draft does not hold (tools, weight, origin, calls) stays as it was. */
export function exampleOf(example: Example, draft: Draft, metadata: Record<string, unknown>): Example {
  return {
    ...example,
    messages: draft.messages.map(({ role, text, given }) => ({
      ...given,
      role,
      content: text === null ? given.content : text,
    })),
    completion: answer(example.completion, draft.completion),
    rejected: answer(example.rejected, draft.rejected),
    metadata,
  };
}

import { Text } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import c from "./Chat.module.css";
import { pretty } from "./Code";

/** A message as any surface of the API gives it. */
export type ChatMessage = { role: string; content?: unknown; tool_calls?: unknown };

/** The text of a message: parts joined, JSON indented. */
export function textOf(content: unknown): string {
  if (Array.isArray(content))
    return content.map((part) => (typeof part?.text === "string" ? part.text : pretty(part))).join("\n");
  return content === null || content === undefined ? "" : pretty(content);
}

/** A conversation, one bubble a message. */
export function Chat({ messages }: { messages: ChatMessage[] }) {
  const roles = useMessages().app.role as Record<string, string>;
  return (
    <div className={c.chat}>
      {messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a conversation only grows at its end
        <div key={index} className={c.message} data-role={message.role}>
          <Text size="xs" fw={600} c="dimmed" mb={2}>
            {roles[message.role] ?? message.role}
          </Text>
          <div className={c.text}>{textOf(message.content)}</div>
          {message.tool_calls ? <pre className={c.calls}>{pretty(message.tool_calls)}</pre> : null}
        </div>
      ))}
    </div>
  );
}

import { Text } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import c from "./Chat.module.css";
import { formatJson } from "./Code";

/** Chat message in the format of any API endpoint. */
export type ChatMessage = { role: string; content?: unknown; tool_calls?: unknown };

/** Return the text of a message. Parts are joined and JSON is indented. */
export function messageText(content: unknown): string {
  if (Array.isArray(content))
    return content.map((part) => (typeof part?.text === "string" ? part.text : formatJson(part))).join("\n");
  return content === null || content === undefined ? "" : formatJson(content);
}

/** Show a conversation with one bubble per message. */
export function Chat({ messages }: { messages: ChatMessage[] }) {
  const roles = useMessages().app.role as Record<string, string>;
  return (
    <div className={c.chat}>
      {messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages are only appended
        <div key={index} className={c.message} data-role={message.role}>
          <Text size="xs" fw={600} c="dimmed" mb={2}>
            {roles[message.role] ?? message.role}
          </Text>
          <div className={c.text}>{messageText(message.content)}</div>
          {message.tool_calls ? <pre className={c.calls}>{formatJson(message.tool_calls)}</pre> : null}
        </div>
      ))}
    </div>
  );
}

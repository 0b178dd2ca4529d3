import { Text } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, messageText } from "@/components/Chat";
import { CopyIcon, JsonBlock } from "@/components/Code";
import { classifyBody } from "./body";
import c from "./SpanBody.module.css";

/** Show the input or output of a span according to its content: conversation, text, vectors or JSON. */
export function SpanBody({ value, label }: { value: unknown; label: string }) {
  const t = useMessages().traces.span;
  const f = useFormats();
  const body = classifyBody(value);
  if (body.kind === "none")
    return (
      <Text size="sm" c="dimmed">
        {t.notCaptured}
      </Text>
    );
  if (body.kind === "vectors")
    return (
      <div className={c.text}>
        {t.vectors(f.number(body.count), f.number(body.dimensions))}
        {body.model && <span className="mono"> {body.model}</span>}
      </div>
    );
  if (body.kind === "json") return <JsonBlock value={body.value} label={label} />;
  const text =
    body.kind === "text" ? body.text : body.messages.map((message) => messageText(message.content)).join("\n\n");
  return (
    <div className={c.container}>
      <div className={c.scroll} tabIndex={0} role="group" aria-label={label}>
        {body.kind === "text" ? <div className={c.text}>{body.text}</div> : <Chat messages={body.messages} />}
      </div>
      <span className={c.copy}>
        <CopyIcon text={text} />
      </span>
    </div>
  );
}

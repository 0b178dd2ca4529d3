import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useMessages } from "@/app/i18n";
import c from "./Code.module.css";

/** A button that copies a text. */
export function CopyIcon({ text, label }: { text: string; label?: string }) {
  const t = useMessages().app;
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t.copied : (label ?? t.copy)}>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={label ?? t.copy}>
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** Lines to read or to copy, in a fixed-width face. Scrolls inside itself. */
export function CodeBlock({
  text,
  height,
  wrap,
  label,
}: {
  text: string;
  height?: number;
  wrap?: boolean;
  label?: string;
}) {
  return (
    <div className={c.block}>
      <pre
        className={c.pre}
        data-wrap={wrap || undefined}
        style={{ maxHeight: height }}
        tabIndex={0}
        role={label ? "group" : undefined}
        aria-label={label}
      >
        {text}
      </pre>
      <span className={c.copy}>
        <CopyIcon text={text} />
      </span>
    </div>
  );
}

/** Any value as JSON, indented. A string that holds JSON is shown as what it holds. */
export function JsonBlock({ value, height = 420, label }: { value: unknown; height?: number; label?: string }) {
  return <CodeBlock text={pretty(value)} height={height} wrap label={label} />;
}

/** Indented JSON; a text that is not JSON stays as it is. */
export function pretty(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value, null, 2) ?? "";
  try {
    const held: unknown = JSON.parse(value);
    return typeof held === "object" && held !== null ? JSON.stringify(held, null, 2) : value;
  } catch {
    return value;
  }
}

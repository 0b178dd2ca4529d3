import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useMessages } from "@/app/i18n";
import c from "./Code.module.css";

/** Show a button that copies a text. */
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

/** Show text in a fixed-width font with a copy button. Long text scrolls inside the block. */
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

/** Show any value as indented JSON. A string that contains JSON is parsed first. */
export function JsonBlock({ value, height = 420, label }: { value: unknown; height?: number; label?: string }) {
  return <CodeBlock text={formatJson(value)} height={height} wrap label={label} />;
}

/** Return a value as indented JSON. Text that is not JSON is returned unchanged. */
export function formatJson(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value, null, 2) ?? "";
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null ? JSON.stringify(parsed, null, 2) : value;
  } catch {
    return value;
  }
}

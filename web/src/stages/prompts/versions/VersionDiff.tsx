import { Badge, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { formatJson } from "@/components/Code";
import { QueryBoundary } from "@/components/QueryBoundary";
import { diffTexts } from "@/components/span/diff";
import c from "../prompts.module.css";
import { diffQuery } from "../queries";

type Change = Schema["PromptDiff"]["changes"][number];
const COLORS = { added: "teal", removed: "red", changed: "yellow" } as const;

/** Return a value of a template as text: texts as they are, others as JSON, nothing for a missing value. */
export const valueText = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : formatJson(value);

function ChangedField({ change }: { change: Change }) {
  const t = useMessages().prompts.history;
  const [before, after] = [valueText(change.old), valueText(change.new)];
  const parts = useMemo(() => diffTexts(before, after), [before, after]);
  const side = (hidden: "removed" | "added", label: string) => (
    <div className={c.side} role="group" aria-label={`${label}, ${change.field}`} tabIndex={0}>
      {parts
        .filter((part) => part.kind !== hidden)
        .map((part, index) => {
          const Tag = part.kind === "removed" ? "del" : part.kind === "added" ? "ins" : "span";
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces are identified by their order only
          return <Tag key={index}>{part.text}</Tag>;
        })}
    </div>
  );
  return (
    <div>
      <Group gap={8} mb={4}>
        <Text size="sm" fw={500} className="mono">
          {change.field}
        </Text>
        <Badge size="xs" variant="light" color={COLORS[change.kind]}>
          {t.kinds[change.kind]}
        </Badge>
      </Group>
      <div className={c.sides}>
        {side("added", t.old)}
        {side("removed", t.new)}
      </div>
    </div>
  );
}

/** Show the changed fields of two versions side by side. */
export function VersionDiff({ name, oldRef, newRef }: { name: string; oldRef: string; newRef: string }) {
  const t = useMessages().prompts.history;
  const query = useQuery(diffQuery(name, oldRef, newRef));
  return (
    <QueryBoundary query={query} lines={3}>
      {(diff) =>
        diff.changes.length ? (
          <Stack gap="md">
            {diff.changes.map((change) => (
              <ChangedField key={`${change.kind} ${change.field}`} change={change} />
            ))}
          </Stack>
        ) : (
          <Text size="sm" c="dimmed">
            {t.equal}
          </Text>
        )
      }
    </QueryBoundary>
  );
}

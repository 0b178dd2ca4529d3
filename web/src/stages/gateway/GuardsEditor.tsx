import { Button, Group, JsonInput, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Column, DataGrid } from "@/components/DataGrid";
import { guardKinds } from "./queries";

export type Use = S["GuardUse"];
/** A guard as the form edits it: its settings as a text. */
export type Edited = { key: number; use: Use; settings: string };
const ON = ["input", "output", "both"] as const;
const ACTIONS: readonly Use["action"][] = ["block", "mask", "flag", "retry"];

const fresh = (guard: string, action: Use["action"]): Use => ({ guard, on: "both", action, roles: [], settings: {} });

/** Guards as the form begins with them. */
export const editedOf = (uses: readonly Use[]): Edited[] =>
  uses.map((use, key) => ({ key, use, settings: settingsText(use) }));

/** The settings of a guard as a text; empty where there are none. */
export function settingsText(use: Use): string {
  return Object.keys(use.settings ?? {}).length ? JSON.stringify(use.settings, null, 2) : "";
}

/** Settings as a line to read. Of a sealed secret it says that there is one. */
export function lineOf(settings: Record<string, unknown>): string {
  const parts = Object.entries(settings).map(([name, value]) => `${name}: ${said(value)}`);
  return parts.join(" · ");
}

function said(value: unknown): string {
  if (typeof value === "string") return value.startsWith("sealed:") ? "••••" : value;
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (value && typeof value === "object")
    return Object.entries(value)
      .map(([name, item]) => `${name} ${said(item)}`)
      .join(", ");
  return String(value);
}

/** The guards that a form holds; null where the settings of one are no JSON object. */
export function usesOf(edited: readonly Edited[]): Use[] | null {
  const found: Use[] = [];
  for (const { use, settings } of edited) {
    const read = settingsOf(settings);
    if (read === null) return null;
    found.push({ ...use, settings: read });
  }
  return found;
}

/** A text as settings; null where it is no JSON object. */
export function settingsOf(text: string): Record<string, unknown> | null {
  if (!text.trim()) return {};
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

type RowProps = { one: Edited; kinds: S["GuardKind"][]; onChange: (one: Edited) => void; onRemove: () => void };

function Row({ one, kinds, onChange, onRemove }: RowProps) {
  const t = useMessages().guards;
  const kind = kinds.find(({ name }) => name === one.use.guard);
  const actions = ACTIONS.filter((action) => kind?.actions.includes(action) ?? true);
  const change = (use: Partial<Use>) => onChange({ ...one, use: { ...one.use, ...use } });
  return (
    <Stack gap={6} p="sm" style={{ borderBottom: "1px solid var(--line)" }}>
      <Group grow align="flex-end" gap="sm">
        <Select
          label={t.guard}
          allowDeselect={false}
          data={kinds.map(({ name }) => name)}
          value={one.use.guard}
          onChange={(guard) => guard && onChange({ ...one, use: fresh(guard, "block"), settings: "" })}
        />
        <Select
          label={t.on}
          allowDeselect={false}
          data={ON.map((value) => ({ value, label: t.looks[value] }))}
          value={one.use.on ?? "both"}
          onChange={(on) => change({ on: on as Use["on"] })}
        />
        <Select
          label={t.action}
          allowDeselect={false}
          data={actions.map((value) => ({ value, label: t.follows[value] }))}
          value={one.use.action ?? "block"}
          onChange={(action) =>
            change({ action: action as Use["action"], ...(action === "retry" ? { on: "output" as const } : {}) })
          }
        />
        <Button
          variant="subtle"
          color="red"
          leftSection={<Trash2 size={13} aria-hidden />}
          onClick={onRemove}
          style={{ flexGrow: 0 }}
        >
          {t.remove}
        </Button>
      </Group>
      {kind && (
        <Text size="xs" c="dimmed">
          {kind.about}
        </Text>
      )}
      <JsonInput
        label={t.settings}
        description={t.settingsHint}
        placeholder={example(kind)}
        autosize
        minRows={1}
        maxRows={12}
        formatOnBlur
        error={settingsOf(one.settings) === null && t.wrongJson}
        value={one.settings}
        onChange={(settings) => onChange({ ...one, settings })}
      />
    </Stack>
  );
}

/** What settings a guard takes, by their names. */
function example(kind: S["GuardKind"] | undefined): string {
  const properties = (kind?.settings as { properties?: Record<string, unknown> } | undefined)?.properties ?? {};
  return Object.keys(properties)
    .map((name) => `"${name}": …`)
    .join(", ");
}

type EditorProps = { uses: readonly Use[]; saving: boolean; onSave: (uses: Use[]) => void; onClose: () => void };

/** A list of guards, edited and then saved as a whole. */
export function GuardsEditor({ uses, saving, onSave, onClose }: EditorProps) {
  const { app, guards: t } = useMessages();
  const kinds = useQuery(guardKinds()).data ?? [];
  const [edited, setEdited] = useState(() => editedOf(uses));
  const made = usesOf(edited);
  const add = () => {
    const key = Math.max(-1, ...edited.map((one) => one.key)) + 1;
    setEdited([...edited, { key, use: fresh("personal", "mask"), settings: "" }]);
  };
  return (
    <Stack gap={0}>
      {edited.map((one) => (
        <Row
          key={one.key}
          one={one}
          kinds={kinds}
          onChange={(changed) => setEdited(edited.map((other) => (other.key === one.key ? changed : other)))}
          onRemove={() => setEdited(edited.filter((other) => other.key !== one.key))}
        />
      ))}
      <Group justify="space-between" p="sm">
        <Button size="xs" variant="default" leftSection={<Plus size={14} aria-hidden />} onClick={add}>
          {t.make}
        </Button>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onClose}>
            {app.cancel}
          </Button>
          <Button size="xs" loading={saving} disabled={made === null} onClick={() => made && onSave(made)}>
            {app.save}
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}

/** Guards as they stand. */
export function GuardsTable({ uses }: { uses: readonly Use[] }) {
  const t = useMessages().guards;
  const columns: Column<Edited>[] = [
    { id: "guard", title: t.guard, width: "minmax(110px, 1fr)", cell: ({ use }) => use.guard },
    { id: "on", title: t.on, width: "minmax(90px, 0.8fr)", cell: ({ use }) => t.looks[use.on ?? "both"] },
    {
      id: "action",
      title: t.action,
      width: "minmax(90px, 0.8fr)",
      cell: ({ use }) => t.follows[use.action ?? "block"],
    },
    {
      id: "settings",
      title: t.settings,
      width: "minmax(140px, 2fr)",
      cell: ({ use }) => (
        <Text inherit truncate title={lineOf(use.settings ?? {})}>
          {lineOf(use.settings ?? {})}
        </Text>
      ),
    },
  ];
  return <DataGrid label={t.title} columns={columns} rows={editedOf(uses)} rowKey={(one) => String(one.key)} />;
}

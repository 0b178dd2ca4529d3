import { Button, Group, JsonInput, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Column, DataGrid } from "@/components/DataGrid";
import { guardKindsQuery } from "./queries";

export type GuardUse = Schema["GuardUse"];
/** Guard in the editor. Its settings are JSON text. */
export type EditedGuard = { key: number; use: GuardUse; settings: string };
const STAGES = ["input", "output", "both"] as const;
const ACTIONS: readonly GuardUse["action"][] = ["block", "mask", "flag", "retry"];

const newGuard = (guard: string, action: GuardUse["action"]): GuardUse => ({
  guard,
  on: "both",
  action,
  roles: [],
  settings: {},
});

/** Return guards in their editable form. */
export const toEditedGuards = (uses: readonly GuardUse[]): EditedGuard[] =>
  uses.map((use, key) => ({ key, use, settings: settingsText(use) }));

/** Return the settings of a guard as JSON text, or an empty string if there are none. */
export function settingsText(use: GuardUse): string {
  return Object.keys(use.settings ?? {}).length ? JSON.stringify(use.settings, null, 2) : "";
}

/** Return settings on one line. Encrypted secrets are masked. */
export function settingsSummary(settings: Record<string, unknown>): string {
  const parts = Object.entries(settings).map(([name, value]) => `${name}: ${valueSummary(value)}`);
  return parts.join(" · ");
}

function valueSummary(value: unknown): string {
  if (typeof value === "string") return value.startsWith("sealed:") ? "••••" : value;
  if (Array.isArray(value)) return value.map(valueSummary).join(", ");
  if (value && typeof value === "object")
    return Object.entries(value)
      .map(([name, item]) => `${name} ${valueSummary(item)}`)
      .join(", ");
  return String(value);
}

/** Return the guards of a form, or null if the settings of one are not a JSON object. */
export function toGuardUses(edited: readonly EditedGuard[]): GuardUse[] | null {
  const guards: GuardUse[] = [];
  for (const { use, settings } of edited) {
    const parsed = parseSettings(settings);
    if (parsed === null) return null;
    guards.push({ ...use, settings: parsed });
  }
  return guards;
}

/** Parse the settings of a guard. Returns null if the text is not a JSON object. */
export function parseSettings(text: string): Record<string, unknown> | null {
  if (!text.trim()) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

type RowProps = {
  editedGuard: EditedGuard;
  kinds: Schema["GuardKind"][];
  onChange: (editedGuard: EditedGuard) => void;
  onRemove: () => void;
};

function GuardRow({ editedGuard, kinds, onChange, onRemove }: RowProps) {
  const t = useMessages().guards;
  const kind = kinds.find(({ name }) => name === editedGuard.use.guard);
  const actions = ACTIONS.filter((action) => kind?.actions.includes(action) ?? true);
  const updateUse = (use: Partial<GuardUse>) => onChange({ ...editedGuard, use: { ...editedGuard.use, ...use } });
  return (
    <Stack gap={6} p="sm" style={{ borderBottom: "1px solid var(--line)" }}>
      <Group grow align="flex-end" gap="sm">
        <Select
          label={t.guard}
          allowDeselect={false}
          data={kinds.map(({ name }) => name)}
          value={editedGuard.use.guard}
          onChange={(guard) => guard && onChange({ ...editedGuard, use: newGuard(guard, "block"), settings: "" })}
        />
        <Select
          label={t.on}
          allowDeselect={false}
          data={STAGES.map((value) => ({ value, label: t.looks[value] }))}
          value={editedGuard.use.on ?? "both"}
          onChange={(on) => updateUse({ on: on as GuardUse["on"] })}
        />
        <Select
          label={t.action}
          allowDeselect={false}
          data={actions.map((value) => ({ value, label: t.follows[value] }))}
          value={editedGuard.use.action ?? "block"}
          onChange={(action) =>
            updateUse({
              action: action as GuardUse["action"],
              ...(action === "retry" ? { on: "output" as const } : {}),
            })
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
        placeholder={settingsPlaceholder(kind)}
        autosize
        minRows={1}
        maxRows={12}
        formatOnBlur
        error={parseSettings(editedGuard.settings) === null && t.wrongJson}
        value={editedGuard.settings}
        onChange={(settings) => onChange({ ...editedGuard, settings })}
      />
    </Stack>
  );
}

/** Return the names of a guard's settings as a placeholder. */
function settingsPlaceholder(kind: Schema["GuardKind"] | undefined): string {
  const properties = (kind?.settings as { properties?: Record<string, unknown> } | undefined)?.properties ?? {};
  return Object.keys(properties)
    .map((name) => `"${name}": …`)
    .join(", ");
}

type EditorProps = {
  uses: readonly GuardUse[];
  saving: boolean;
  onSave: (uses: GuardUse[]) => void;
  onClose: () => void;
};

/** Show an editor for a list of guards. The list is saved as a whole. */
export function GuardsEditor({ uses, saving, onSave, onClose }: EditorProps) {
  const { app, guards: t } = useMessages();
  const kinds = useQuery(guardKindsQuery()).data ?? [];
  const [edited, setEdited] = useState(() => toEditedGuards(uses));
  const parsedUses = toGuardUses(edited);
  const addGuard = () => {
    const key = Math.max(-1, ...edited.map((editedGuard) => editedGuard.key)) + 1;
    setEdited([...edited, { key, use: newGuard("personal", "mask"), settings: "" }]);
  };
  return (
    <Stack gap={0}>
      {edited.map((editedGuard) => (
        <GuardRow
          key={editedGuard.key}
          editedGuard={editedGuard}
          kinds={kinds}
          onChange={(changed) => setEdited(edited.map((other) => (other.key === editedGuard.key ? changed : other)))}
          onRemove={() => setEdited(edited.filter((other) => other.key !== editedGuard.key))}
        />
      ))}
      <Group justify="space-between" p="sm">
        <Button size="xs" variant="default" leftSection={<Plus size={14} aria-hidden />} onClick={addGuard}>
          {t.make}
        </Button>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onClose}>
            {app.cancel}
          </Button>
          <Button
            size="xs"
            loading={saving}
            disabled={parsedUses === null}
            onClick={() => parsedUses && onSave(parsedUses)}
          >
            {app.save}
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}

/** Show a list of guards. */
export function GuardsTable({ uses }: { uses: readonly GuardUse[] }) {
  const t = useMessages().guards;
  const columns: Column<EditedGuard>[] = [
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
        <Text inherit truncate title={settingsSummary(use.settings ?? {})}>
          {settingsSummary(use.settings ?? {})}
        </Text>
      ),
    },
  ];
  return (
    <DataGrid label={t.title} columns={columns} rows={toEditedGuards(uses)} rowKey={(guard) => String(guard.key)} />
  );
}

import { Button, Group, JsonInput, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Column, DataGrid } from "@/components/DataGrid";
import { guardTypesQuery } from "./queries";

export type GuardConfig = Schema["GuardConfig"];
/** Guard in the editor. Its settings are JSON text. */
export type EditedGuard = { key: number; config: GuardConfig; settings: string };
const STAGES = ["input", "output", "both"] as const;
const ACTIONS: readonly GuardConfig["action"][] = ["block", "mask", "flag", "retry"];

const newGuard = (guard: string, action: GuardConfig["action"]): GuardConfig => ({
  guard,
  on: "both",
  action,
  roles: [],
  settings: {},
});

/** Return guards in their editable form. */
export const toEditedGuards = (guards: readonly GuardConfig[]): EditedGuard[] =>
  guards.map((config, key) => ({ key, config, settings: settingsText(config) }));

/** Return the settings of a guard as JSON text, or an empty string if there are none. */
export function settingsText(config: GuardConfig): string {
  return Object.keys(config.settings ?? {}).length ? JSON.stringify(config.settings, null, 2) : "";
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
export function toGuardConfigs(edited: readonly EditedGuard[]): GuardConfig[] | null {
  const configs: GuardConfig[] = [];
  for (const { config, settings } of edited) {
    const parsed = parseSettings(settings);
    if (parsed === null) return null;
    configs.push({ ...config, settings: parsed });
  }
  return configs;
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
  types: Schema["GuardType"][];
  onChange: (editedGuard: EditedGuard) => void;
  onRemove: () => void;
};

function GuardRow({ editedGuard, types, onChange, onRemove }: RowProps) {
  const t = useMessages().guards;
  const guardType = types.find(({ name }) => name === editedGuard.config.guard);
  const actions = ACTIONS.filter((action) => guardType?.actions.includes(action) ?? true);
  const updateConfig = (config: Partial<GuardConfig>) =>
    onChange({ ...editedGuard, config: { ...editedGuard.config, ...config } });
  return (
    <Stack gap={6} p="sm" style={{ borderBottom: "1px solid var(--line)" }}>
      <Group grow align="flex-end" gap="sm">
        <Select
          label={t.guard}
          allowDeselect={false}
          data={types.map(({ name }) => name)}
          value={editedGuard.config.guard}
          onChange={(guard) => guard && onChange({ ...editedGuard, config: newGuard(guard, "block"), settings: "" })}
        />
        <Select
          label={t.stage}
          allowDeselect={false}
          data={STAGES.map((value) => ({ value, label: t.stages[value] }))}
          value={editedGuard.config.on ?? "both"}
          onChange={(on) => updateConfig({ on: on as GuardConfig["on"] })}
        />
        <Select
          label={t.action}
          allowDeselect={false}
          data={actions.map((value) => ({ value, label: t.actions[value] }))}
          value={editedGuard.config.action ?? "block"}
          onChange={(action) =>
            updateConfig({
              action: action as GuardConfig["action"],
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
      {guardType && (
        <Text size="xs" c="dimmed">
          {guardType.description}
        </Text>
      )}
      <JsonInput
        label={t.settings}
        description={t.settingsHint}
        placeholder={settingsPlaceholder(guardType)}
        autosize
        minRows={1}
        maxRows={12}
        formatOnBlur
        error={parseSettings(editedGuard.settings) === null && t.invalidJson}
        value={editedGuard.settings}
        onChange={(settings) => onChange({ ...editedGuard, settings })}
      />
    </Stack>
  );
}

/** Return the names of a guard's settings as a placeholder. */
function settingsPlaceholder(guardType: Schema["GuardType"] | undefined): string {
  const properties = (guardType?.settings as { properties?: Record<string, unknown> } | undefined)?.properties ?? {};
  return Object.keys(properties)
    .map((name) => `"${name}": …`)
    .join(", ");
}

type EditorProps = {
  guards: readonly GuardConfig[];
  saving: boolean;
  onSave: (guards: GuardConfig[]) => void;
  onClose: () => void;
};

/** Show an editor for a list of guards. The list is saved as a whole. */
export function GuardsEditor({ guards, saving, onSave, onClose }: EditorProps) {
  const { app, guards: t } = useMessages();
  const types = useQuery(guardTypesQuery()).data ?? [];
  const [edited, setEdited] = useState(() => toEditedGuards(guards));
  const parsedGuards = toGuardConfigs(edited);
  const addGuard = () => {
    const key = Math.max(-1, ...edited.map((editedGuard) => editedGuard.key)) + 1;
    setEdited([...edited, { key, config: newGuard("pii", "mask"), settings: "" }]);
  };
  return (
    <Stack gap={0}>
      {edited.map((editedGuard) => (
        <GuardRow
          key={editedGuard.key}
          editedGuard={editedGuard}
          types={types}
          onChange={(changed) => setEdited(edited.map((other) => (other.key === editedGuard.key ? changed : other)))}
          onRemove={() => setEdited(edited.filter((other) => other.key !== editedGuard.key))}
        />
      ))}
      <Group justify="space-between" p="sm">
        <Button size="xs" variant="default" leftSection={<Plus size={14} aria-hidden />} onClick={addGuard}>
          {t.create}
        </Button>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={onClose}>
            {app.cancel}
          </Button>
          <Button
            size="xs"
            loading={saving}
            disabled={parsedGuards === null}
            onClick={() => parsedGuards && onSave(parsedGuards)}
          >
            {app.save}
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}

/** Show a list of guards. */
export function GuardsTable({ guards }: { guards: readonly GuardConfig[] }) {
  const t = useMessages().guards;
  const columns: Column<EditedGuard>[] = [
    { id: "guard", title: t.guard, width: "minmax(110px, 1fr)", cell: ({ config }) => config.guard },
    { id: "on", title: t.stage, width: "minmax(90px, 0.8fr)", cell: ({ config }) => t.stages[config.on ?? "both"] },
    {
      id: "action",
      title: t.action,
      width: "minmax(90px, 0.8fr)",
      cell: ({ config }) => t.actions[config.action ?? "block"],
    },
    {
      id: "settings",
      title: t.settings,
      width: "minmax(140px, 2fr)",
      cell: ({ config }) => (
        <Text inherit truncate title={settingsSummary(config.settings ?? {})}>
          {settingsSummary(config.settings ?? {})}
        </Text>
      ),
    },
  ];
  return (
    <DataGrid label={t.title} columns={columns} rows={toEditedGuards(guards)} rowKey={(guard) => String(guard.key)} />
  );
}

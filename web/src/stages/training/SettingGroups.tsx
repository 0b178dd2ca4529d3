import { Button, Collapse, Group, Stack, Text } from "@mantine/core";
import { ChevronDown, ChevronUp } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import { COMMON, type Field, GROUPS, groupFields, PRESETS } from "./fields";
import { SettingField } from "./SettingField";
import c from "./training.module.css";

type Values = Record<string, unknown>;

function Fields({
  fields,
  values,
  onSet,
}: {
  fields: Field[];
  values: Values;
  onSet: (name: string, value: unknown) => void;
}) {
  return (
    <div className={c.fields}>
      {fields.map((field) => (
        <SettingField
          key={field.name}
          field={field}
          value={values[field.name] ?? null}
          onChange={(value) => onSet(field.name, value)}
        />
      ))}
    </div>
  );
}

/** Show the settings of a recipe: presets of the method, the common settings, and the others in explained groups. */
export function SettingGroups({
  fields,
  values,
  onApply,
}: {
  fields: Field[];
  values: Values;
  onApply: (changes: Values) => void;
}) {
  const { form: t, groups, presets } = useMessages().training;
  const [showAll, setShowAll] = useState(false);
  const names = fields.map((field) => field.name);
  const usable = PRESETS.filter((preset) =>
    Object.entries(preset.settings).every(
      ([name, value]) =>
        names.includes(name) &&
        (typeof value !== "string" || fields.find((field) => field.name === name)?.choices.includes(value)),
    ),
  );
  const onSet = (name: string, value: unknown) => onApply({ [name]: value });
  const grouped = groupFields(fields.filter((field) => !COMMON.includes(field.name)));
  return (
    <Stack gap="md">
      {usable.length > 1 && (
        <Group gap="xs" role="group" aria-label={presets.title}>
          {usable.map((preset) => (
            <Button
              key={preset.name}
              size="xs"
              variant={
                Object.entries(preset.settings).every(([name, value]) => values[name] === value) ? "filled" : "default"
              }
              title={presets.about[preset.name]}
              onClick={() => onApply(preset.settings)}
            >
              {presets.names[preset.name] ?? preset.name}
            </Button>
          ))}
        </Group>
      )}
      <Panel>
        <Stack gap="md">
          <Fields fields={fields.filter((field) => COMMON.includes(field.name))} values={values} onSet={onSet} />
          <Button
            size="xs"
            variant="subtle"
            style={{ alignSelf: "flex-start" }}
            aria-expanded={showAll}
            rightSection={showAll ? <ChevronUp size={14} aria-hidden /> : <ChevronDown size={14} aria-hidden />}
            onClick={() => setShowAll(!showAll)}
          >
            {showAll ? t.less : t.more}
          </Button>
        </Stack>
      </Panel>
      <Collapse expanded={showAll}>
        <Stack gap="md">
          {[...GROUPS.map((group) => group.name), "other"].map((name) => {
            const members = grouped[name] ?? [];
            const [title, about] = groups[name] ?? [name, ""];
            return members.length ? (
              <Panel key={name} title={title}>
                <Stack gap="sm">
                  <Text size="sm" c="dimmed">
                    {about}
                  </Text>
                  <Fields fields={members} values={values} onSet={onSet} />
                </Stack>
              </Panel>
            ) : null;
          })}
        </Stack>
      </Collapse>
    </Stack>
  );
}

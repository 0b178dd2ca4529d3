import { Select, Stack, Text, TextInput } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import c from "../prompts.module.css";
import { type Draft, type DraftErrors, TYPES, type VariableDraft } from "../template";

type Props = { draft: Draft; errors: DraftErrors; onChange: (draft: Draft) => void };

/** Show the variables of a prompt with their types, defaults and allowed values. */
export function VariablesEditor({ draft, errors, onChange }: Props) {
  const t = useMessages().prompts.edit;
  const { variables } = draft;
  const update = (changed: VariableDraft) =>
    onChange({ ...draft, variables: variables.map((one) => (one.name === changed.name ? changed : one)) });
  return (
    <Panel title={t.variables}>
      {variables.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.noVariables}
        </Text>
      )}
      <Stack gap="sm">
        {variables.map((variable) => {
          const field = (name: "description" | "default" | "options", error?: string) => (
            <TextInput
              size="xs"
              label={t.variable[name]}
              aria-label={`${t.variable[name]}, ${variable.name}`}
              value={variable[name]}
              error={error}
              onChange={(event) => update({ ...variable, [name]: event.currentTarget.value })}
            />
          );
          return (
            <div key={variable.name}>
              <Text size="sm" fw={500} className="mono" mb={4}>
                {variable.name}
              </Text>
              <div className={c.variable}>
                {field("description")}
                <Select
                  size="xs"
                  label={t.variable.type}
                  aria-label={`${t.variable.type}, ${variable.name}`}
                  allowDeselect={false}
                  data={variable.type ? [...TYPES] : ["", ...TYPES]}
                  value={variable.type}
                  onChange={(type) => type !== null && update({ ...variable, type })}
                />
                {field("default", errors[`variables.${variable.name}`] && t.invalidValue)}
                {field("options")}
              </div>
            </div>
          );
        })}
      </Stack>
    </Panel>
  );
}

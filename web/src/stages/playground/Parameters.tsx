import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Popover,
  SimpleGrid,
  Textarea,
  Tooltip,
} from "@mantine/core";
import { RotateCcw, SlidersHorizontal } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { type Params, parseSchema, parseTools } from "./conversation";

type Name = Exclude<keyof Params, "json" | "schema" | "tools">;
type Range = { min?: number; max?: number; step: number; integer?: boolean };
const FIELDS: [Name, Range][] = [
  ["temperature", { min: 0, max: 2, step: 0.1 }],
  ["top_p", { min: 0, max: 1, step: 0.05 }],
  ["max_tokens", { min: 1, step: 32, integer: true }],
  ["seed", { step: 1, integer: true }],
  ["frequency_penalty", { min: -2, max: 2, step: 0.1 }],
];

const SCHEMA_EXAMPLE = JSON.stringify(
  {
    type: "object",
    properties: { product: { type: "string" }, urgency: { enum: ["low", "normal", "high"] } },
    required: ["product", "urgency"],
  },
  null,
  1,
);
const TOOLS_EXAMPLE = JSON.stringify(
  [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "Return the weather of a city",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    },
  ],
  null,
  1,
);

type JsonFieldProps = {
  label: string;
  value: string | undefined;
  example: string;
  invalid: boolean;
  error: string;
  onChange: (value: string | undefined) => void;
};

/** Show an input for JSON that can be filled with an example. */
function JsonField({ label, value, example, invalid, error, onChange }: JsonFieldProps) {
  const t = useMessages().playground.param;
  return (
    <>
      <Textarea
        mt="sm"
        size="xs"
        label={label}
        placeholder={t.none}
        autosize
        minRows={1}
        maxRows={8}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        value={value ?? ""}
        error={value && invalid ? error : undefined}
        onChange={(event) => onChange(event.currentTarget.value || undefined)}
      />
      {!value && (
        <Button size="compact-xs" variant="subtle" mt={2} onClick={() => onChange(example)}>
          {t.example}
        </Button>
      )}
    </>
  );
}

/** Show the parameters of a column. An empty field uses the model's default. */
export function Parameters({ params, onChange }: { params: Params; onChange: (params: Params) => void }) {
  const t = useMessages().playground;
  const changedCount = Object.values(params).filter((value) => value !== undefined && value !== false).length;
  return (
    <Popover position="bottom-end" width={380} withinPortal trapFocus shadow="md">
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<SlidersHorizontal size={14} aria-hidden />}
          style={{ flex: "none" }}
        >
          {changedCount ? t.changed(changedCount) : t.parameters}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t.parameters}>
        <SimpleGrid cols={2} spacing="sm" verticalSpacing="xs">
          {FIELDS.map(([name, { integer, ...range }]) => (
            <NumberInput
              key={name}
              size="xs"
              label={t.param[name]}
              placeholder={t.param.byDefault}
              allowDecimal={!integer}
              value={params[name] ?? ""}
              onChange={(value) => onChange({ ...params, [name]: typeof value === "number" ? value : undefined })}
              {...range}
            />
          ))}
        </SimpleGrid>
        <JsonField
          label={t.param.schema}
          value={params.schema}
          example={SCHEMA_EXAMPLE}
          invalid={parseSchema(params.schema) === null}
          error={t.param.schemaInvalid}
          onChange={(schema) => onChange({ ...params, schema })}
        />
        <JsonField
          label={t.param.tools}
          value={params.tools}
          example={TOOLS_EXAMPLE}
          invalid={parseTools(params.tools) === null}
          error={t.param.toolsInvalid}
          onChange={(tools) => onChange({ ...params, tools })}
        />
        <Group justify="space-between" mt="sm">
          <Checkbox
            size="xs"
            label={t.param.json}
            checked={params.json ?? false}
            onChange={(event) => onChange({ ...params, json: event.currentTarget.checked || undefined })}
          />
          <Tooltip label={t.param.reset}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={t.param.reset}
              disabled={changedCount === 0}
              onClick={() => onChange({})}
            >
              <RotateCcw size={14} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}

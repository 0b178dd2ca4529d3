import { ActionIcon, Button, Checkbox, Group, NumberInput, Popover, SimpleGrid, Tooltip } from "@mantine/core";
import { RotateCcw, SlidersHorizontal } from "lucide-react";
import { useMessages } from "@/app/i18n";
import type { Params } from "./conversation";

type Name = Exclude<keyof Params, "json">;
type Range = { min?: number; max?: number; step: number; integer?: boolean };
const FIELDS: [Name, Range][] = [
  ["temperature", { min: 0, max: 2, step: 0.1 }],
  ["top_p", { min: 0, max: 1, step: 0.05 }],
  ["max_tokens", { min: 1, step: 32, integer: true }],
  ["seed", { step: 1, integer: true }],
  ["frequency_penalty", { min: -2, max: 2, step: 0.1 }],
];

/** Show the parameters of a column. An empty field uses the model's default. */
export function Parameters({ params, onChange }: { params: Params; onChange: (params: Params) => void }) {
  const t = useMessages().playground;
  const changedCount = Object.values(params).filter((value) => value !== undefined && value !== false).length;
  return (
    <Popover position="bottom-end" width={320} withinPortal trapFocus shadow="md">
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

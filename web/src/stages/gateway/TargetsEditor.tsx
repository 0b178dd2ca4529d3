import { ActionIcon, Button, NumberInput, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import { findTargetError, targetShares } from "./canary";
import c from "./gateway.module.css";
import { callableModelsQuery } from "./queries";

export type EditedTarget = { model: string; weight: number };

/** Show an editor for targets, each with its weight and resulting share. */
export function TargetsEditor({
  targets,
  onChange,
}: {
  targets: EditedTarget[];
  onChange: (targets: EditedTarget[]) => void;
}) {
  const t = useMessages().gateway.targets;
  const f = useFormats();
  const models = useQuery(callableModelsQuery());
  const names = (models.data ?? []).map((model) => model.name).filter((name) => name.includes("/"));
  const shareOfTarget = targetShares(targets);
  const totalWeight = targets.reduce((sum, target) => sum + target.weight, 0);
  const updateTarget = (index: number, change: Partial<EditedTarget>) =>
    onChange(targets.map((target, targetIndex) => (targetIndex === index ? { ...target, ...change } : target)));
  const fault = findTargetError(targets);
  const unusedModel = names.find((name) => !targets.some((target) => target.model === name));
  return (
    <div className={c.targets}>
      {targets.map((editedTarget, index) => {
        const options = names.filter(
          (name) => name === editedTarget.model || !targets.some((target) => target.model === name),
        );
        const data =
          editedTarget.model && !options.includes(editedTarget.model) ? [editedTarget.model, ...options] : options;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: targets keep their order while they are edited
          <div key={index} className={c.target}>
            <Select
              size="sm"
              aria-label={t.model}
              data={data}
              searchable
              allowDeselect={false}
              value={editedTarget.model || null}
              onChange={(value) => updateTarget(index, { model: value ?? "" })}
            />
            <NumberInput
              size="sm"
              aria-label={t.weightLabel(editedTarget.model)}
              min={0}
              decimalScale={4}
              step={0.1}
              value={editedTarget.weight}
              onChange={(value) => updateTarget(index, { weight: Number(value) || 0 })}
            />
            <Meter
              value={shareOfTarget[index] ?? 0}
              label={`${editedTarget.model}: ${f.percent(shareOfTarget[index])}`}
              color={`--series-${(index % 6) + 1}`}
            />
            <Text size="sm" ta="right" className="num">
              {f.percent(shareOfTarget[index])}
            </Text>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.removeLabel(editedTarget.model)}
              onClick={() => onChange(targets.filter((_, targetIndex) => targetIndex !== index))}
            >
              <X size={15} />
            </ActionIcon>
          </div>
        );
      })}
      <div className={c.row}>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => onChange([...targets, { model: unusedModel ?? "", weight: targets.length ? 0 : 1 }])}
        >
          {t.add}
        </Button>
        <Text size="sm" className="num" c={fault ? "var(--bad)" : "dimmed"} role={fault ? "alert" : undefined}>
          {fault ? t.errors[fault] : t.sum(f.number(totalWeight, 4))}
        </Text>
      </div>
    </div>
  );
}

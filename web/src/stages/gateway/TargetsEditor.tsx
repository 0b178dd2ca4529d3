import { ActionIcon, Button, NumberInput, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import { faultOf, shares } from "./canary";
import c from "./gateway.module.css";
import { callable } from "./queries";

export type EditedTarget = { model: string; weight: number };

/** The targets of a route, each with its weight and the share that follows from it. */
export function TargetsEditor({
  targets,
  onChange,
}: {
  targets: EditedTarget[];
  onChange: (targets: EditedTarget[]) => void;
}) {
  const t = useMessages().gateway.targets;
  const f = useFormats();
  const models = useQuery(callable());
  const names = (models.data ?? []).map((one) => one.name).filter((name) => name.includes("/"));
  const parts = shares(targets);
  const whole = targets.reduce((sum, one) => sum + one.weight, 0);
  const set = (index: number, change: Partial<EditedTarget>) =>
    onChange(targets.map((one, at) => (at === index ? { ...one, ...change } : one)));
  const fault = faultOf(targets);
  const unused = names.find((name) => !targets.some((one) => one.model === name));
  return (
    <div className={c.targets}>
      {targets.map((target, index) => {
        const offered = names.filter((name) => name === target.model || !targets.some((one) => one.model === name));
        const data = target.model && !offered.includes(target.model) ? [target.model, ...offered] : offered;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: targets keep their places while they are edited
          <div key={index} className={c.target}>
            <Select
              size="sm"
              aria-label={t.model}
              data={data}
              searchable
              allowDeselect={false}
              value={target.model || null}
              onChange={(value) => set(index, { model: value ?? "" })}
            />
            <NumberInput
              size="sm"
              aria-label={t.weightOf(target.model)}
              min={0}
              decimalScale={4}
              step={0.1}
              value={target.weight}
              onChange={(value) => set(index, { weight: Number(value) || 0 })}
            />
            <Meter
              value={parts[index] ?? 0}
              label={`${target.model}: ${f.percent(parts[index])}`}
              color={`--series-${(index % 6) + 1}`}
            />
            <Text size="sm" ta="right" className="num">
              {f.percent(parts[index])}
            </Text>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.removeOf(target.model)}
              onClick={() => onChange(targets.filter((_, at) => at !== index))}
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
          onClick={() => onChange([...targets, { model: unused ?? "", weight: targets.length ? 0 : 1 }])}
        >
          {t.add}
        </Button>
        <Text size="sm" className="num" c={fault ? "var(--bad)" : "dimmed"} role={fault ? "alert" : undefined}>
          {fault ? t.faults[fault] : t.sum(f.number(whole, 4))}
        </Text>
      </div>
    </div>
  );
}

import { Badge, Group, Slider, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Panel } from "@/components/Page";
import { samplesQuery } from "./queries";
import c from "./samples.module.css";

type Sample = Schema["TrainingSample"];

function Output({ title, text, changed }: { title: string; text: string; changed?: boolean }) {
  const t = useMessages().training.samples;
  return (
    <div className={c.output} data-changed={changed || undefined}>
      <Text size="xs" c="dimmed" fw={500}>
        {title}
      </Text>
      <p className={c.text} tabIndex={0}>
        {text || <span className={c.none}>{t.empty}</span>}
      </p>
    </div>
  );
}

function SampleRow({ sample }: { sample: Sample }) {
  const t = useMessages().training.samples;
  const f = useFormats();
  const scores = Object.entries(sample.scores ?? {});
  const isBase = sample.step === 0;
  return (
    <li className={c.sample}>
      <Group justify="space-between" align="flex-start" wrap="nowrap" gap="md">
        <p className={c.prompt}>{sample.prompt}</p>
        <Group gap={6} wrap="nowrap" style={{ flex: "none" }}>
          {sample.output.trim() === (sample.reference ?? "").trim() && (
            <Badge size="sm" variant="light" color="teal" tt="none" fw={500}>
              {t.exact}
            </Badge>
          )}
          {scores.map(([name, value]) => (
            <Badge key={name} size="sm" variant="default" tt="none" fw={500} className="num">
              {name} {f.number(value, 2)}
            </Badge>
          ))}
        </Group>
      </Group>
      <div className={c.outputs} data-base={isBase || undefined}>
        <Output title={t.reference} text={sample.reference ?? ""} />
        <Output title={t.base} text={sample.base_output ?? ""} />
        {!isBase && <Output title={t.model} text={sample.output} changed={sample.output !== sample.base_output} />}
      </div>
    </li>
  );
}

/** Choose one of the steps with samples. */
function StepSlider({ steps, step, onChange }: { steps: number[]; step: number; onChange: (step: number) => void }) {
  const t = useMessages().training.samples;
  const f = useFormats();
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="xs" c="dimmed" className="num">
        {step === 0 ? t.untrained : t.step(f.number(step))}
      </Text>
      <Slider
        w={180}
        size="xs"
        min={0}
        max={Math.max(1, steps.length - 1)}
        step={1}
        value={Math.max(0, steps.indexOf(step))}
        onChange={(index) => onChange(steps[index] ?? step)}
        label={(index) => f.number(steps[index] ?? 0)}
        marks={steps.map((_, value) => ({ value }))}
        display={steps.length < 2 ? "none" : undefined}
        thumbLabel={t.slider}
      />
    </Group>
  );
}

/**
 * Show sample generations beside their references and the outputs of the base, for one checkpoint at a time. Follows the
 * newest step until another one is chosen.
 */
export function SamplesPanel({ runId, running }: { runId: string; running: boolean }) {
  const t = useMessages().training.samples;
  const [chosen, setChosen] = useState<number | null>(null);
  const query = useQuery(samplesQuery(runId, chosen, running));
  const [shown, setShown] = useState<Schema["RunSamples"]>();
  useEffect(() => {
    if (query.data) setShown(query.data);
  }, [query.data]);
  const steps = [...(shown?.steps ?? [])];
  if (!shown || !steps.length) return null;
  const newest = steps.at(-1) ?? 0;
  return (
    <Panel
      title={t.title}
      flush
      actions={
        <StepSlider
          steps={steps}
          step={chosen ?? newest}
          onChange={(step) => setChosen(step === newest ? null : step)}
        />
      }
    >
      <ul className={c.samples}>
        {(shown.samples ?? []).map((sample) => (
          <SampleRow key={sample.number} sample={sample} />
        ))}
      </ul>
    </Panel>
  );
}

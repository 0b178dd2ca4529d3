import { Group, SegmentedControl, SimpleGrid, Slider, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LineChart } from "@/components/charts/Line";
import { Panel } from "@/components/Page";
import { alignMetrics, type MetricsByStep, SAMPLE_PREFIX, sampleMetrics, smooth } from "./curves";

const SMALL_CHARTS = [
  ["learning_rate", "rate"],
  ["grad_norm", "norm"],
  ["tokens_per_second", "speed"],
  ["memory_bytes", "memory"],
  ["cpu_percent", "cpu"],
  ["gpu_percent", "gpu"],
] as const;

/**
 * Show the curves of a run: a large loss chart, the children, and small charts of other metrics. `steps` sets the full
 * width, so that the axis does not change.
 */
export function Curves({
  metrics,
  steps,
  note,
  children,
}: {
  metrics: MetricsByStep;
  steps: number | null;
  note?: string;
  children?: ReactNode;
}) {
  const t = useMessages().training.run;
  const f = useFormats();
  const [weight, setWeight] = useState(0.8);
  const [scale, setScale] = useState("linear");
  const { x, values } = alignMetrics(metrics, ["loss", "eval_loss"]);
  const [loss = [], evalLoss = []] = values;
  const range: [number, number] | undefined = steps ? [0, steps] : undefined;
  const tools = (
    <Group gap="md">
      <Group gap="xs" visibleFrom="sm">
        <Text size="xs" c="dimmed">
          {t.smoothing}
        </Text>
        <Slider
          w={110}
          size="xs"
          min={0}
          max={0.98}
          step={0.02}
          value={weight}
          onChange={setWeight}
          label={(value) => value.toFixed(2)}
          thumbLabel={t.smoothing}
        />
      </Group>
      <SegmentedControl
        size="xs"
        aria-label={t.scale}
        value={scale}
        onChange={setScale}
        data={[
          { value: "linear", label: t.linear },
          { value: "log", label: t.log },
        ]}
      />
    </Group>
  );
  return (
    <>
      <Panel
        title={
          <Group gap="xs" component="span">
            {t.lossTitle}
            {note && (
              <Text size="xs" c="dimmed" span role="status">
                {note}
              </Text>
            )}
          </Group>
        }
        actions={tools}
      >
        <LineChart
          label={t.lossTitle}
          x={x}
          height={300}
          log={scale === "log"}
          range={range}
          integer
          series={[
            { label: t.raw, values: loss, color: "--series-1", faint: true },
            { label: t.smoothed, values: smooth(loss, weight), color: "--series-1" },
            { label: t.evalLoss, values: evalLoss, color: "--series-2", points: true },
          ]}
        />
      </Panel>
      {children}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        {SMALL_CHARTS.filter(([name]) => metrics.has(name)).map(([name, key]) => {
          const single = alignMetrics(metrics, [name]);
          return (
            <Panel key={name} title={t[key]}>
              <LineChart
                label={t[key]}
                x={single.x}
                height={120}
                range={range}
                integer
                format={name === "memory_bytes" ? f.bytes : undefined}
                series={[{ label: t[key], values: single.values[0] ?? [] }]}
              />
            </Panel>
          );
        })}
        {sampleMetrics(metrics).map((name) => {
          const single = alignMetrics(metrics, [name]);
          return (
            <Panel key={name} title={t.sampleMetric(name.slice(SAMPLE_PREFIX.length))}>
              <LineChart
                label={name}
                x={single.x}
                height={120}
                range={range}
                integer
                series={[{ label: name, values: single.values[0] ?? [], color: "--series-2", points: true }]}
              />
            </Panel>
          );
        })}
      </SimpleGrid>
    </>
  );
}

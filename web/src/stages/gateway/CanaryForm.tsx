import {
  Accordion,
  Group,
  Modal,
  NumberInput,
  SegmentedControl,
  Select,
  Slider,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { callableModelsQuery } from "./queries";

type Goal = "better" | "non_inferior";

/** Show a form that starts a canary: candidate, share and decision rule. */
export function CanaryForm({ route, onClose }: { route: Schema["Route"]; onClose: () => void }) {
  const t = useMessages().gateway.canary;
  const { app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const models = useQuery(callableModelsQuery());
  const liveTargets = route.targets.filter((target) => (target.weight ?? 1) > 0);
  const onlyModel = liveTargets.length === 1 ? liveTargets[0]?.model : undefined;
  const candidates = (models.data ?? [])
    .map((target) => target.name)
    .filter((name) => name.includes("/") && name !== onlyModel);
  const form = useForm({
    initialValues: {
      candidate: "",
      share: 10,
      metric: "quality",
      goal: "better" as Goal,
      margin: 0,
      alpha: 0.05,
      min: 10,
      max: 500,
    },
    validate: {
      candidate: (value) => (value ? null : t.required),
      metric: (value) => (value.trim() ? null : t.required),
      margin: (value, values) => (values.goal === "non_inferior" && !(value > 0) ? t.marginNeeded : null),
    },
  });
  const start = useMutation({
    mutationFn: ({ candidate, share, metric, goal, margin, alpha, min, max }: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/loop/canaries", {
          body: {
            route: route.name,
            candidate,
            share: share / 100,
            metric: metric.trim(),
            goal,
            margin,
            alpha,
            min_pairs: min,
            max_pairs: max,
          },
        }),
      ),
    onSuccess: (canary) => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.started(canary.candidate, f.percent(canary.share)));
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.start} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
        <Stack gap="sm">
          <Select
            label={t.candidate}
            description={t.candidateHint}
            data={candidates}
            searchable
            data-autofocus
            {...form.getInputProps("candidate")}
          />
          <div>
            <Text size="sm" fw={500} mb={4}>
              {t.share}: <span className="num">{f.percent(form.values.share / 100)}</span>
            </Text>
            <Slider
              min={1}
              max={90}
              label={(value) => f.percent(value / 100)}
              thumbLabel={t.share}
              marks={[{ value: 10 }, { value: 25 }, { value: 50 }, { value: 75 }]}
              {...form.getInputProps("share")}
            />
          </div>
          <TextInput label={t.metric} description={t.metricHint} {...form.getInputProps("metric")} />
          <div>
            <Text size="sm" fw={500} mb={4}>
              {t.goal}
            </Text>
            <SegmentedControl
              fullWidth
              size="sm"
              aria-label={t.goal}
              data={[
                { value: "better", label: t.goals.better },
                { value: "non_inferior", label: t.goals.non_inferior },
              ]}
              {...form.getInputProps("goal")}
            />
          </div>
          {form.values.goal === "non_inferior" && (
            <NumberInput
              label={t.margin}
              description={t.marginHint}
              min={0}
              max={0.99}
              step={0.01}
              {...form.getInputProps("margin")}
            />
          )}
          <Accordion variant="default" chevronPosition="left" styles={{ label: { fontSize: 13, paddingBlock: 8 } }}>
            <Accordion.Item value="rules">
              <Accordion.Control px={0}>{t.rules}</Accordion.Control>
              <Accordion.Panel>
                <Group grow align="flex-start">
                  <NumberInput
                    label={t.alpha}
                    description={t.alphaHint}
                    min={0.001}
                    max={0.5}
                    step={0.01}
                    {...form.getInputProps("alpha")}
                  />
                  <NumberInput
                    label={t.min}
                    description={t.minHint}
                    min={1}
                    max={5000}
                    {...form.getInputProps("min")}
                  />
                  <NumberInput
                    label={t.max}
                    description={t.maxHint}
                    min={1}
                    max={5000}
                    {...form.getInputProps("max")}
                  />
                </Group>
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        </Stack>
        <FormActions label={t.submit} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

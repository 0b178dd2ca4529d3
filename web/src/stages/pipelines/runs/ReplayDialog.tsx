import { Alert, Autocomplete, Button, Checkbox, Group, Modal, NumberInput, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError } from "@/components/notify";
import { Facts } from "@/components/Page";
import type { Fields, Value } from "../model/definition";
import type { Graph } from "../model/graph";
import { ValueInput } from "../panel/FieldInput";
import { namesQuery } from "../queries";
import type { PipelineRun } from "./queries";
import { REPLAY_CHANGES, type ReplayChange, type ReplayInput, replayChanges, stepSettings } from "./replay";

type Props = {
  name: string;
  run: Pick<PipelineRun, "id">;
  graph: Graph;
  /** Step to run again, with its settings if they were changed. */
  initial?: { step: string; settings: Fields };
  onClose: () => void;
};

/** Repeat a run, or the last ones, with one change. The price is shown before anything starts. */
export function ReplayDialog({ name, run, graph, initial, onClose }: Props) {
  const { app, pipelineRuns } = useMessages();
  const t = pipelineRuns.replays;
  const client = useQueryClient();
  const navigate = useNavigate();
  const first = initial?.step ?? graph.steps.find((step) => step.fields.kind === "prompt")?.id ?? graph.steps[0]?.id;
  const [input, setInput] = useState<ReplayInput>(() => ({
    change: "again",
    step: first ?? "",
    settings: initial?.settings ?? stepSettings(graph, first ?? ""),
    value: "",
    limit: 1,
    ...(initial ? { change: "settings" as const } : {}),
  }));
  const [effects, setEffects] = useState(false);
  const body = {
    source: input.limit > 1 ? { limit: input.limit } : { runs: [run.id] },
    changes: replayChanges(graph, input),
    scorers: ["exact_match"],
    allow_effects: effects,
  } as unknown as Schema["ReplayRequest"];
  const path = { params: { path: { name } } };
  const estimate = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/pipelines/{name}/replays/estimate", { ...path, body })),
    onError: notifyError,
  });
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/pipelines/{name}/replays", { ...path, body })),
    onSuccess: ({ replay }) => {
      void client.invalidateQueries({ queryKey: ["pipelines", "runs", name] });
      void client.invalidateQueries({ queryKey: ["pipelines", "replays", name] });
      void navigate({ to: "/pipelines/$name/replays/$id", params: { name, id: replay.id } });
    },
    onError: notifyError,
  });
  const set = (change: Partial<ReplayInput>) => {
    estimate.reset();
    setInput((current) => ({ ...current, ...change }));
  };
  const needsValue = ["model", "prompt", "version"].includes(input.change);
  return (
    <Modal opened onClose={onClose} title={t.title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (estimate.data) start.mutate();
          else estimate.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t.lead}
          </Text>
          <Group grow align="flex-start">
            <Select
              label={t.change}
              allowDeselect={false}
              data={REPLAY_CHANGES.map((value) => ({ value, label: t.changes[value] }))}
              value={input.change}
              onChange={(change) => change && set({ change: change as ReplayChange, value: "" })}
            />
            {input.change !== "version" && (
              <Select
                label={t.step}
                searchable
                allowDeselect={false}
                data={graph.steps.map((step) => step.id)}
                value={input.step}
                onChange={(step) => step && set({ step, settings: stepSettings(graph, step) })}
              />
            )}
          </Group>
          {input.change === "settings" && (
            <ValueInput
              key={input.step}
              spec={{ name: t.settings, kind: "value", required: true }}
              value={input.settings}
              onChange={(value: Value) => set({ settings: (value ?? {}) as Fields })}
              suggestions={[]}
              names={{}}
            />
          )}
          {needsValue && (
            <ReplacementInput change={input.change} value={input.value} onChange={(value) => set({ value })} />
          )}
          <NumberInput
            label={t.limit}
            description={t.limitHint}
            min={1}
            max={1000}
            value={input.limit}
            onChange={(limit) => set({ limit: Number(limit) || 1 })}
          />
          {estimate.data && <Estimate estimate={estimate.data} />}
          {estimate.data?.effects && estimate.data.effects.length > 0 && (
            <Checkbox
              label={t.effects(estimate.data.effects.join(", "))}
              checked={effects}
              onChange={(event) => setEffects(event.currentTarget.checked)}
            />
          )}
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={onClose}>
              {app.cancel}
            </Button>
            <Button
              type="submit"
              loading={estimate.isPending || start.isPending}
              disabled={needsValue && !input.value.trim()}
            >
              {estimate.data ? t.start : t.price}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

type ReplacementProps = { change: ReplayChange; value: string; onChange: (value: string) => void };

function ReplacementInput({ change, value, onChange }: ReplacementProps) {
  const t = useMessages().pipelineRuns.replays;
  const names = useQuery(namesQuery).data;
  const data = change === "model" ? names?.models : change === "prompt" ? names?.prompts : [];
  return (
    <Autocomplete
      label={t.changes[change]}
      description={t.hints[change as "model"]}
      required
      data={data ?? []}
      value={value}
      onChange={onChange}
    />
  );
}

function Estimate({ estimate }: { estimate: Schema["ReplayEstimate"] }) {
  const t = useMessages().pipelineRuns.replays;
  const f = useFormats();
  const steps = Object.entries(estimate.executed).map(([step, runs]) =>
    runs > 1 ? `${step} (${f.number(runs)}×)` : step,
  );
  return (
    <Alert variant="outline" color="iris" title={`${t.estimate}: ${f.money(estimate.cost)}`} role="status">
      <Facts
        items={[
          [t.runs, f.number(estimate.runs)],
          [t.tokens, f.number(estimate.tokens)],
          [t.executed, steps.join(", ") || t.nothing],
          [t.reused, f.number(estimate.reused)],
        ]}
      />
      {Boolean(estimate.unpriced) && <Text size="xs">{t.unpriced(f.number(estimate.unpriced))}</Text>}
      {estimate.assumes_old_lengths && <Text size="xs">{t.oldLengths}</Text>}
    </Alert>
  );
}

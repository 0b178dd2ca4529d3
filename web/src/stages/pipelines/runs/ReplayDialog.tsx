import {
  Alert,
  Anchor,
  Autocomplete,
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Text,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JobPanel } from "@/components/Job";
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
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines", "runs", name] }),
    onError: notifyError,
  });
  const set = (change: Partial<ReplayInput>) => {
    estimate.reset();
    setInput((current) => ({ ...current, ...change }));
  };
  const needsValue = ["model", "prompt", "version"].includes(input.change);
  return (
    <Modal opened onClose={onClose} title={t.title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      {start.data ? (
        <Progress name={name} id={start.data.replay.id} />
      ) : (
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
      )}
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

/** Show the job of a replay, then its runs and the comparison of their outputs. */
function Progress({ name, id }: { name: string; id: string }) {
  const t = useMessages().pipelineRuns.replays;
  const [ended, setEnded] = useState(false);
  const params = { params: { path: { id } } };
  const replay = useQuery({
    queryKey: ["pipelines", "replay", id, ended],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/replays/{id}", params)),
    enabled: ended,
  });
  const runs = useQuery({
    queryKey: ["pipelines", "replay-runs", id, ended],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/replays/{id}/runs", params)),
    enabled: ended,
  });
  const [a, b] = replay.data?.evaluations ?? [];
  return (
    <Stack gap="sm">
      <JobPanel id={id} title={t.title} onEnd={() => setEnded(true)} />
      {runs.data && (
        <div>
          <Text size="sm" fw={500}>
            {t.newRuns}
          </Text>
          {runs.data.map((one) => (
            <div key={one.run_id}>
              <Anchor
                component={Link}
                to={`/pipelines/${encodeURIComponent(name)}/runs/${one.run_id}`}
                size="sm"
                className="mono"
              >
                {one.run_id.slice(0, 8)}
              </Anchor>{" "}
              <Text span size="sm" c="dimmed">
                {one.error ?? one.state}
              </Text>
            </div>
          ))}
        </div>
      )}
      {a && b && (
        <Anchor component={Link} to={`/evals/compare?a=${a}&b=${b}`} size="sm">
          {t.comparison}
        </Anchor>
      )}
    </Stack>
  );
}

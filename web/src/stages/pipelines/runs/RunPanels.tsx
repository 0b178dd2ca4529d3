import { ActionIcon, Alert, Button, Group, Select, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, X } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import { LocationLink } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import type { CanvasEdge } from "../canvas/view";
import { isObject, type Value } from "../model/definition";
import { INPUTS, OUTPUTS } from "../model/graph";
import { stepDuration, stepRuns } from "./model";
import { decide, type PipelineRun, type RunDetails, type RunStep } from "./queries";
import c from "./runs.module.css";
import { statusOf } from "./status";

function Head({ title, onClose }: { title: string; onClose: () => void }) {
  const t = useMessages().pipelines.panel;
  return (
    <div className={c.head}>
      <Title order={2}>{title}</Title>
      <ActionIcon variant="subtle" color="gray" aria-label={t.close} onClick={onClose}>
        <X size={16} />
      </ActionIcon>
    </div>
  );
}

function Data({ label, value }: { label: string; value: Value }) {
  if (value === undefined || value === null) return null;
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <JsonBlock value={value} height={260} label={label} />
    </div>
  );
}

/** Show the inputs and outputs of a run. */
export function RunValues({ run }: { run: PipelineRun }) {
  const t = useMessages().pipelineRuns;
  return (
    <Panel title={t.values}>
      <div className={c.values}>
        <Data label={t.inputs} value={run.inputs} />
        <Data label={t.outputs} value={run.outputs} />
      </div>
    </Panel>
  );
}

type StepProps = { id: string; details: RunDetails; texts: ReadonlyMap<string, string>; onClose: () => void };

/** Show one step of a run: its data, its error, and the decision that it waits for. */
export function StepRunPanel({ id, details, texts, onClose }: StepProps) {
  const { pipelines, pipelineRuns: t } = useMessages();
  const f = useFormats();
  const runs = stepRuns(details.steps ?? [], id);
  const [path, setPath] = useState<string | null>(null);
  const step = runs.find((one) => one.path === path) ?? runs.find((one) => one.state === "waiting") ?? runs.at(-1);
  const text = step && texts.get(step.path);
  if (id === INPUTS || id === OUTPUTS)
    return (
      <div className={c.panel}>
        <Head title={id === INPUTS ? t.inputs : t.outputs} onClose={onClose} />
        <JsonBlock value={(id === INPUTS ? details.inputs : details.outputs) ?? {}} label={t.values} />
      </div>
    );
  return (
    <div className={c.panel}>
      <Head title={id} onClose={onClose} />
      {!step && (
        <Text size="sm" c="dimmed">
          {t.notRun}
        </Text>
      )}
      {runs.length > 1 && (
        <Select
          size="xs"
          label={t.execution}
          allowDeselect={false}
          data={runs.map((one) => one.path)}
          value={step?.path ?? null}
          onChange={setPath}
        />
      )}
      {step && (
        <>
          <Facts
            items={[
              [
                t.state,
                <Status
                  key="state"
                  state={statusOf(step.state)}
                  label={pipelines.states[step.state as keyof typeof pipelines.states] ?? step.state}
                />,
              ],
              [t.duration, f.duration(stepDuration(step))],
              ...(step.attempt > 1 ? [[t.attempts, f.number(step.attempt)] as [string, string]] : []),
              ...(step.port ? [[t.port, step.port] as [string, string]] : []),
              [t.cost, f.money(step.cost)],
              ...(step.span_id
                ? [
                    [
                      t.span,
                      <LocationLink key="span" to="/traces" search={{ span: step.span_id }}>
                        {t.openSpan}
                      </LocationLink>,
                    ] as [string, React.ReactNode],
                  ]
                : []),
            ]}
          />
          {step.state === "waiting" && <Decision run={details} step={step} />}
          {step.error && (
            <Alert color="red" p="xs" title={step.error.message}>
              {step.error.hint}
            </Alert>
          )}
          {text && !step.ended_at && <Data label={t.streamed} value={text} />}
          <Data label={t.inputs} value={step.inputs} />
          {step.state !== "waiting" && <Data label={t.outputs} value={step.outputs} />}
          <Data label={t.decision} value={step.decision} />
        </>
      )}
    </div>
  );
}

/** Ask for the decision of an approval. */
function Decision({ run, step }: { run: PipelineRun; step: RunStep }) {
  const t = useMessages().pipelineRuns;
  const client = useQueryClient();
  const [comment, setComment] = useState("");
  const asked = isObject(step.outputs) ? step.outputs : {};
  const send = useMutation({
    mutationFn: (approved: boolean) => decide(run.id, step.path, approved, comment.trim()),
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines", "run", run.id] }),
    onError: notifyError,
  });
  return (
    <div className={c.decision} role="group" aria-label={t.decide}>
      <Text size="sm" fw={500}>
        {typeof asked.message === "string" ? asked.message : t.decide}
      </Text>
      <Data label={t.askedData} value={asked.data} />
      <Textarea
        label={t.comment}
        autosize
        minRows={2}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Button
          size="xs"
          leftSection={<Check size={13} aria-hidden />}
          loading={send.isPending}
          onClick={() => send.mutate(true)}
        >
          {t.approve}
        </Button>
        <Button size="xs" variant="light" color="red" loading={send.isPending} onClick={() => send.mutate(false)}>
          {t.reject}
        </Button>
      </Group>
    </div>
  );
}

/** Show the data that an edge carried: the outputs that the target refers to. */
export function EdgeData({ edge, details, onClose }: { edge: CanvasEdge; details: RunDetails; onClose: () => void }) {
  const t = useMessages().pipelineRuns;
  const source =
    edge.source === INPUTS
      ? [{ path: INPUTS, outputs: details.inputs as Value, port: null }]
      : stepRuns(details.steps ?? [], edge.source);
  const names = edge.data?.outputs ?? [];
  const pick = (outputs: Value): Value =>
    isObject(outputs) && names.length
      ? Object.fromEntries(names.filter((name) => name in outputs).map((name) => [name, outputs[name]]))
      : outputs;
  return (
    <div className={c.panel}>
      <Head title={`${edge.source.replace("$", "")} → ${edge.target.replace("$", "")}`} onClose={onClose} />
      {source.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.noData}
        </Text>
      )}
      {source.map((one) => (
        <Data
          key={one.path}
          label={source.length > 1 ? one.path : t.data}
          value={edge.data?.kind === "control" ? { port: one.port ?? null } : pick(one.outputs)}
        />
      ))}
    </div>
  );
}

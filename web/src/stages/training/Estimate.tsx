import { Alert, Badge, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gauge, Wand2 } from "lucide-react";
import { useCallback, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JobPanel } from "@/components/Job";
import { notifyError } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { planQuery } from "./queries";
import c from "./training.module.css";

type Plan = Schema["TrainingPlan"];
type Apply = (changes: Record<string, unknown>) => void;

/** Return settings as text, `name value` each. */
function describeChanges(changes: Record<string, unknown>) {
  return Object.entries(changes)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function MemoryBar({ plan }: { plan: Plan }) {
  const t = useMessages().training.plan;
  const f = useFormats();
  const { libraries, weights, training_state: state, other_models: others = 0 } = plan.memory_parts;
  const full = Math.max(1, plan.memory_bytes, plan.memory_limit_bytes);
  const work = plan.memory_bytes - libraries - weights - state - others;
  const parts: [string, number, string][] =
    work < 0
      ? [[t.memory, plan.memory_bytes, "--series-1"]]
      : [
          [t.parts.libraries, libraries, "--series-6"],
          [t.parts.weights, weights, "--series-1"],
          [t.parts.state, state, "--series-4"],
          ...(others > 0 ? [[t.parts.others, others, "--series-2"] as [string, number, string]] : []),
          [t.parts.work, work, "--series-3"],
        ];
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{t.memoryOf(f.bytes(plan.memory_bytes), f.bytes(plan.memory_limit_bytes))}</Text>
        <Badge variant="light" tt="none" color={plan.fits ? "teal" : "red"}>
          {plan.fits ? t.fits : t.doesNotFit}
        </Badge>
      </Group>
      <Progress.Root size="md" aria-label={t.memory}>
        {parts.map(([name, bytes, color]) => (
          <Progress.Section key={name} value={(100 * bytes) / full} color={`var(${color})`} aria-label={name} />
        ))}
      </Progress.Root>
      {parts.length > 1 && (
        <ul className={c.legend}>
          {parts.map(([name, bytes, color]) => (
            <li key={name}>
              <span className={c.dot} style={{ background: `var(${color})` }} aria-hidden /> {name}{" "}
              <span className="num">{f.bytes(bytes)}</span>
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

function Alternatives({ plan, onApply }: { plan: Plan; onApply: Apply }) {
  const t = useMessages().training.plan;
  const f = useFormats();
  if (plan.fits) return null;
  if (!plan.alternatives?.length) return <Alert color="red">{t.nothingFits}</Alert>;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {t.wouldFit}
      </Text>
      {plan.alternatives.map((other) => (
        <Button
          key={other.description}
          variant="default"
          size="xs"
          h="auto"
          py={6}
          styles={{ inner: { justifyContent: "flex-start" }, label: { whiteSpace: "normal", textAlign: "left" } }}
          onClick={() => onApply(other.changes)}
        >
          <span>
            {describeChanges(other.changes)}
            <Text size="xs" c="dimmed" component="span" display="block">
              {f.bytes(other.memory_bytes)} · {f.duration(other.seconds * 1000)}
            </Text>
          </span>
        </Button>
      ))}
    </Stack>
  );
}

function PlanDetail({ plan, onApply }: { plan: Plan; onApply: Apply }) {
  const { form: t, plan: p } = useMessages().training;
  const f = useFormats();
  const share = plan.parameters ? plan.trained_parameters / plan.parameters : 0;
  const notes = (plan.notes ?? []).filter((note) => !plan.left_out || !note.startsWith(`${plan.left_out} rows`));
  const cost =
    plan.cost === null || plan.cost === undefined ? (
      <Text size="xs" c="dimmed" key="cost">
        {p.noPrice}
      </Text>
    ) : (
      <strong key="cost">{f.money(plan.cost * 1e6)}</strong>
    );
  return (
    <Stack gap="xs">
      <MemoryBar plan={plan} />
      <Facts
        items={[
          [t.time, <strong key="time">{f.duration(plan.seconds * 1000)}</strong>],
          [p.cost, cost],
          [t.steps, f.number(plan.steps)],
          [t.tokens, f.number(plan.tokens)],
          [t.rows, f.number(plan.rows)],
          [t.validationRows, f.number(plan.validation_rows)],
          [t.trainableParameters, `${f.compact(plan.trained_parameters)} (${f.percent(share)})`],
        ]}
      />
      <Alternatives plan={plan} onApply={onApply} />
      {(plan.choices ?? []).length > 0 && (
        <Stack gap={2}>
          <Text size="sm" fw={500}>
            {p.chosen}
          </Text>
          {(plan.choices ?? []).map((choice) => (
            <Text size="xs" key={choice.setting}>
              <strong>
                {choice.setting} = {String(choice.value)}
              </strong>{" "}
              <Text span c="dimmed" size="xs">
                {choice.reason}
              </Text>
            </Text>
          ))}
        </Stack>
      )}
      {plan.left_out > 0 && <Alert color="yellow">{t.skippedRows(f.number(plan.left_out))}</Alert>}
      {notes.map((note) => (
        <Alert key={note} color="yellow">
          {note}
        </Alert>
      ))}
      <Text size="xs" c="dimmed" title={plan.rate_source}>
        {plan.measured ? t.speedMeasured(f.number(plan.tokens_per_second)) : t.speedEstimated} {plan.machine}.
      </Text>
    </Stack>
  );
}

/** Show the plan of a job at a provider: its tokens and their price. */
function ProviderPlanDetail({ plan }: { plan: Schema["ProviderPlan"] }) {
  const { form: t, plan: p } = useMessages().training;
  const f = useFormats();
  const hasPrice = typeof plan.price_per_million_tokens === "number" && typeof plan.cost === "number";
  return (
    <Stack gap="xs">
      <Facts
        items={[
          [p.provider, plan.provider],
          [p.model, plan.model],
          [p.cost, <strong key="cost">{hasPrice ? f.money((plan.cost ?? 0) * 1e6) : p.unknown}</strong>],
          [p.price, hasPrice ? f.money((plan.price_per_million_tokens ?? 0) * 1e6) : p.unknown],
          [p.trainedTokens, f.number(plan.tokens)],
          [p.epochs, f.number(plan.epochs)],
          [t.rows, f.number(plan.rows)],
          [t.validationRows, f.number(plan.validation_rows)],
        ]}
      />
      {(plan.notes ?? []).map((note) => (
        <Text size="xs" c="dimmed" key={note}>
          {note}
        </Text>
      ))}
    </Stack>
  );
}

/** Measure a few steps of the run as a job, so that the plan is based on measured values. */
function Probe({ request }: { request: Schema["TrainingRequest"] }) {
  const t = useMessages().training.plan;
  const client = useQueryClient();
  const [jobId, setJobId] = useState<string | null>(null);
  const refresh = useCallback(() => void client.invalidateQueries({ queryKey: ["training", "plan"] }), [client]);
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/training/probes", { body: request })),
    onSuccess: (job) => setJobId(job.id),
    onError: notifyError,
  });
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        size="xs"
        leftSection={<Gauge size={14} aria-hidden />}
        loading={start.isPending}
        onClick={() => start.mutate()}
      >
        {t.probe}
      </Button>
      <Text size="xs" c="dimmed">
        {t.probeHint}
      </Text>
      {jobId && <JobPanel key={jobId} id={jobId} title={t.probeTitle} onEnd={refresh} />}
    </Stack>
  );
}

/** Show the plan of a run before it is started: memory, time, cost, and settings that fit. */
export function Estimate({ request, onApply }: { request: Schema["TrainingRequest"]; onApply: Apply }) {
  const { form: t, plan: p } = useMessages().training;
  const isReady = Boolean(request.dataset);
  const query = useQuery(planQuery(request));
  return (
    <Panel title={t.estimate}>
      {!isReady && (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      {isReady && query.isError && <ErrorAlert error={query.error} />}
      {isReady && query.isPending && query.fetchStatus !== "idle" && <LoadingPlaceholder lines={5} />}
      {isReady && query.data && !query.isError && "provider" in query.data && <ProviderPlanDetail plan={query.data} />}
      {isReady && query.data && !query.isError && !("provider" in query.data) && (
        <Stack gap="md">
          <PlanDetail plan={query.data} onApply={onApply} />
          <Probe request={request} />
          {!query.data.fits && !request.auto && (
            <Button
              size="xs"
              variant="light"
              leftSection={<Wand2 size={14} aria-hidden />}
              onClick={() => onApply({ auto: true })}
            >
              {p.useAuto}
            </Button>
          )}
        </Stack>
      )}
    </Panel>
  );
}

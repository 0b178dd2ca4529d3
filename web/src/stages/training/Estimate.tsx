import { Alert, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { Facts, Panel } from "@/components/Page";
import { planQuery } from "./queries";

function Found({ plan }: { plan: S["TrainingPlan"] }) {
  const t = useMessages().training.form;
  const f = useFormats();
  const share = plan.parameters ? plan.trained_parameters / plan.parameters : 0;
  return (
    <Stack gap="xs">
      <Facts
        items={[
          [t.time, <strong key="time">{f.duration(plan.seconds * 1000)}</strong>],
          [t.memory, <strong key="memory">{f.bytes(plan.memory_bytes)}</strong>],
          [t.steps, f.number(plan.steps)],
          [t.tokens, f.number(plan.tokens)],
          [t.rows, f.number(plan.rows)],
          [t.watched, f.number(plan.validation_rows)],
          [t.trained, `${f.compact(plan.trained_parameters)} (${f.percent(share)})`],
        ]}
      />
      {plan.left_out > 0 && <Alert color="yellow">{t.leftOut(f.number(plan.left_out))}</Alert>}
      {(plan.notes ?? []).map((note) => (
        <Alert key={note} color="yellow">
          {note}
        </Alert>
      ))}
      <Text size="xs" c="dimmed">
        {t.from(plan.rate_source)}
      </Text>
    </Stack>
  );
}

/** What the run would take, before it is started. */
export function Estimate({ wanted }: { wanted: S["TrainingWanted"] }) {
  const t = useMessages().training.form;
  const ready = Boolean(wanted.base && wanted.dataset);
  const query = useQuery(planQuery(wanted));
  return (
    <Panel title={t.estimate}>
      {!ready && (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      {ready && query.isError && <Failure error={query.error} />}
      {ready && query.isPending && <Waiting lines={5} />}
      {ready && query.data && !query.isError && <Found plan={query.data} />}
    </Panel>
  );
}

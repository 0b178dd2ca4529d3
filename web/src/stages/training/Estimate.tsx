import { Alert, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Facts, Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { planQuery } from "./queries";

function EstimateDetail({ plan }: { plan: Schema["TrainingPlan"] }) {
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
          [t.validationRows, f.number(plan.validation_rows)],
          [t.trainableParameters, `${f.compact(plan.trained_parameters)} (${f.percent(share)})`],
        ]}
      />
      {plan.left_out > 0 && <Alert color="yellow">{t.skippedRows(f.number(plan.left_out))}</Alert>}
      {(plan.notes ?? []).map((note) => (
        <Alert key={note} color="yellow">
          {note}
        </Alert>
      ))}
      <Text size="xs" c="dimmed">
        {t.speedSource(plan.rate_source)}
      </Text>
    </Stack>
  );
}

/** Show the estimated time and memory of a run before it is started. */
export function Estimate({ request }: { request: Schema["TrainingRequest"] }) {
  const t = useMessages().training.form;
  const isReady = Boolean(request.base && request.dataset);
  const query = useQuery(planQuery(request));
  return (
    <Panel title={t.estimate}>
      {!isReady && (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      {isReady && query.isError && <ErrorAlert error={query.error} />}
      {isReady && query.isPending && <LoadingPlaceholder lines={5} />}
      {isReady && query.data && !query.isError && <EstimateDetail plan={query.data} />}
    </Panel>
  );
}

import { Alert, Button, Group, Progress, Table, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Facts } from "@/components/Page";
import { Status } from "@/components/Status";
import { formatPrice } from "./deployment";
import { planQuery } from "./queries";
import c from "./serving.module.css";

const DEBOUNCE_MS = 400;

type Changes = { quantization?: string; context?: number; batch?: number; reproducible?: boolean };
type Props = {
  body: Schema["DeploymentCreate"];
  /** Called with the changed settings of a level or an alternative. */
  onUse: (changes: Changes) => void;
};

function Levels({ plan, onUse }: { plan: Schema["DeploymentPlan"]; onUse: Props["onUse"] }) {
  const t = useMessages().serving.plan;
  const f = useFormats();
  return (
    <Table.ScrollContainer minWidth={260}>
      <Table verticalSpacing={3} fz="xs" w="100%" style={{ display: "table" }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="left">{t.level}</Table.Th>
            <Table.Th ta="right">{t.memory}</Table.Th>
            <Table.Th ta="right">{t.speedShort}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plan.levels?.map((level) => (
            <Table.Tr key={level.quantization} fw={level.quantization === plan.settings.quantization ? 600 : undefined}>
              <Table.Td className="mono">{level.quantization}</Table.Td>
              <Table.Td ta="right" c={level.fits ? undefined : "red"}>
                {f.bytes(level.required)}
              </Table.Td>
              <Table.Td ta="right">{f.number(level.output_speed, 0)}</Table.Td>
              <Table.Td ta="right">
                {level.quantization !== plan.settings.quantization && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    disabled={!level.fits}
                    onClick={() => onUse({ quantization: level.quantization })}
                  >
                    {t.use}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Alternatives({ plan, onUse }: { plan: Schema["DeploymentPlan"]; onUse: Props["onUse"] }) {
  const t = useMessages().serving.plan;
  const f = useFormats();
  return (
    <Alert color="red" variant="light" mt="xs" title={t.lacks}>
      <Text size="xs">{plan.lack}</Text>
      {Boolean(plan.alternatives?.length) && (
        <Group gap="xs" mt="xs">
          <Text size="xs">{t.instead}</Text>
          {plan.alternatives?.map((one) => (
            <Button
              key={JSON.stringify(one.settings)}
              size="compact-xs"
              variant="default"
              onClick={() => onUse(one.settings as Changes)}
            >
              {Object.entries(one.settings)
                .map(([name, value]) => `${name} ${value}`)
                .join(", ")}{" "}
              ({f.bytes(one.required)})
            </Button>
          ))}
        </Group>
      )}
    </Alert>
  );
}

/** Show what the deployment in a form needs and costs, updated while the form changes. */
export function DeployPlan({ body, onUse }: Props) {
  const t = useMessages().serving.plan;
  const f = useFormats();
  const [planned] = useDebouncedValue(body, DEBOUNCE_MS);
  const query = useQuery({ ...planQuery(planned), placeholderData: keepPreviousData });
  if (query.error)
    return (
      <Alert color="red" variant="light" role="status">
        {query.error.message}
      </Alert>
    );
  const plan = query.data;
  if (!plan)
    return (
      <Text size="sm" c="dimmed" role="status">
        {t.computing}
      </Text>
    );
  const { memory, speed, price } = plan;
  const share = memory.available ? Math.min(100, (100 * memory.required) / memory.available) : 0;
  const sources = { measured: t.measured, estimated: t.estimated, unknown: t.unknown };
  return (
    <section className={c.plan} aria-label={t.title} aria-busy={query.isFetching}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600}>
          {t.title}
        </Text>
        <Status state={plan.fits ? "passed" : "failed"} label={plan.fits ? t.fits : t.fitsNot} />
      </Group>
      {memory.available != null && (
        <Progress value={share} color={plan.fits ? "blue" : "red"} size="sm" my={6} aria-label={t.memory} />
      )}
      <Facts
        items={[
          [t.engine, [plan.engine, plan.settings.quantization as string].filter(Boolean).join(" ")],
          [
            t.memory,
            memory.available == null
              ? f.bytes(memory.required)
              : t.ofFree(f.bytes(memory.required), f.bytes(memory.available)),
          ],
          [
            t.speed,
            speed.output == null
              ? t.unknown
              : t.perSecond(f.number(speed.output, 0), sources[speed.source ?? "unknown"]),
          ],
          [t.price, price.source === "unset" ? t.noPrice : formatPrice(price)],
          [t.disk, t.ofFree(f.bytes(plan.disk_bytes), f.bytes(plan.disk_available))],
          [t.start, t.about(f.duration(plan.start_seconds * 1000), sources[plan.start_source ?? "estimated"])],
        ]}
      />
      {!plan.fits && <Alternatives plan={plan} onUse={onUse} />}
      {Boolean(plan.levels?.length) && <Levels plan={plan} onUse={onUse} />}
    </section>
  );
}

import { Alert, Text } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Facts, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import type { Parity } from "./deployment";
import c from "./serving.module.css";

/** Position of the tolerance on the scale, as a share of its width. */
const TOLERANCE_POSITION = 0.8;

/** Show whether the engine computes the same values as the trainer. */
export function ParityPanel({ parity }: { parity: Parity }) {
  const t = useMessages().serving.parity;
  const f = useFormats();
  if (parity.kind === "none")
    return (
      <Panel title={t.title}>
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      </Panel>
    );
  if (parity.kind === "skipped")
    return (
      <Panel title={t.title}>
        <Text size="sm">{t.skipped}</Text>
        <Text size="sm" c="dimmed" mt={4}>
          {parity.reason}
        </Text>
      </Panel>
    );
  const { equal, tolerance, largest, positions, conversations, precision, reason, at } = parity;
  const width = Math.min(1, (largest / tolerance) * TOLERANCE_POSITION);
  const formatDifference = (value: number) =>
    value !== 0 && value < 0.0001 ? value.toExponential(1) : f.number(value, 6);
  return (
    <Panel title={t.title}>
      <Status state={equal ? "passed" : "failed"} label={equal ? t.passed : t.failed} />
      <Text size="sm" mt={10}>
        {t.largest}: <b className="num">{formatDifference(largest)}</b>
      </Text>
      <div className={c.scale} data-over={largest > tolerance || undefined} aria-hidden>
        <span style={{ width: `${width * 100}%` }} />
        <i />
      </div>
      <div className={c.legend}>
        <span>0</span>
        <span>{t.tolerance(formatDifference(tolerance))}</span>
      </div>
      {reason && (
        <Alert color="red" my="xs" role="alert">
          {reason}
        </Alert>
      )}
      <Facts
        items={[
          [t.positions, f.number(positions)],
          [t.conversations, f.number(conversations)],
          [t.precision, precision],
          [t.checkedAt, f.time(at)],
        ]}
      />
      <Text size="xs" c="dimmed" mt={6}>
        {t.hint}
      </Text>
    </Panel>
  );
}

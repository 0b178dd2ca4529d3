import { Alert, List, Text } from "@mantine/core";
import type { CSSProperties } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { Panel, Stats } from "@/components/Page";
import c from "./judges.module.css";

type Report = Schema["CalibrationReport"];
type Range = { value: number; low: number; high: number };

/** Return the position of a value on an axis as a percentage within its bounds. */
export function axisPercent(value: number, from: number, to: number): number {
  return Math.min(100, Math.max(0, ((value - from) / (to - from)) * 100));
}

function Interval({
  range,
  from,
  to,
  bound,
  label,
}: {
  range: Range;
  from: number;
  to: number;
  bound?: number;
  label: string;
}) {
  const f = useFormats();
  const percent = (value: number) => `${axisPercent(value, from, to)}%`;
  return (
    <>
      <span className={c.interval} role="img" aria-label={label}>
        {from < 0 && <span className={c.zero} style={{ left: percent(0) }} />}
        {bound !== undefined && <span className={c.bound} style={{ left: percent(bound) }} />}
        <span
          className={c.range}
          style={{ left: percent(range.low), width: `calc(${percent(range.high)} - ${percent(range.low)})` }}
        />
        <span className={c.point} style={{ left: percent(range.value) }} />
      </span>
      <span className={`${c.ends} num`} aria-hidden>
        <span>{f.number(from, 1)}</span>
        <span>{f.number(to, 1)}</span>
      </span>
    </>
  );
}

function Matrix({ report }: { report: Report }) {
  const t = useMessages().judges;
  const f = useFormats();
  const most = Math.max(1, ...report.matrix.flat());
  return (
    <section className={c.scroll} tabIndex={0} aria-label={t.matrix}>
      <table className={c.matrix}>
        <thead>
          <tr>
            <th scope="col">
              {t.matrixLabel} \ {t.matrixVerdict}
            </th>
            {report.categories.map((category) => (
              <th scope="col" key={category}>
                {category}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {report.categories.map((label, row) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {report.categories.map((verdict, column) => {
                const count = report.matrix[row]?.[column] ?? 0;
                return (
                  <td
                    key={verdict}
                    className="num"
                    data-equal={row === column || undefined}
                    style={{ "--share": count / most } as CSSProperties}
                    title={t.matrixCell(f.number(count), label, verdict)}
                  >
                    {f.number(count)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Biases({ report }: { report: Report }) {
  const t = useMessages().judges;
  const f = useFormats();
  const rows = [
    { name: t.swap, bias: report.swap_rate, from: 0 },
    { name: t.length, bias: report.length_bias, from: -1 },
    { name: t.own, bias: report.self_preference, from: -1 },
  ];
  return (
    <dl className={c.biases}>
      <div>
        <dt>
          <span>{t.offset}</span>
          <strong className="num">{f.fixed(report.offset, 3)}</strong>
        </dt>
      </div>
      {rows.map(({ name, bias, from }) => (
        <div key={name}>
          <dt>
            <span>{name}</span>
            {bias ? (
              <strong className="num">{f.fixed(bias.value, 3)}</strong>
            ) : (
              <Text inherit c="dimmed">
                {t.notMeasured}
              </Text>
            )}
          </dt>
          <dd>
            {bias && (
              <Interval
                range={bias}
                from={from}
                to={1}
                label={`${name}: ${t.kappaLabel(f.fixed(bias.value, 3), f.fixed(bias.low, 3), f.fixed(bias.high, 3))}`}
              />
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Kappa({ calibration, report }: { calibration: Schema["Calibration"]; report: Report }) {
  const t = useMessages().judges;
  const f = useFormats();
  const { kappa, low, high } = calibration;
  if (kappa == null || low == null || high == null) return null;
  const bound = Number(calibration.settings?.min_kappa ?? 0.4);
  const text = t.kappaLabel(f.fixed(kappa, 3), f.fixed(low, 3), f.fixed(high, 3));
  return (
    <div style={{ marginBottom: 18 }}>
      <Text size="sm" className="num">
        <strong>{t.kappa}</strong> {text}
      </Text>
      <Interval
        range={{ value: kappa, low, high }}
        from={Math.min(0, Math.floor(low * 10) / 10)}
        to={1}
        bound={bound}
        label={`${t.kappa} ${text}`}
      />
      <Text size="xs" c="dimmed" className="num">
        {t.weights[report.weights]} · {t.required} {f.fixed(bound, 2)}
      </Text>
    </div>
  );
}

/** Show the labels that the judge contradicts most, with its reasons. */
export function Disagreements({ report }: { report: Report }) {
  const t = useMessages().judges;
  if (!report.disagreements?.length) return null;
  return (
    <Panel title={t.disagreements} flush>
      {report.disagreements.slice(0, 10).map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a report never changes
        <article key={index} className={c.case}>
          <strong>
            {t.matrixLabel} {one.label} · {t.matrixVerdict} {one.verdict}
          </strong>
          <p>{one.input}</p>
          <p>{one.output}</p>
          {one.other && <p>{one.other}</p>}
          <Text size="xs" c="dimmed" component="p">
            {one.reason}
          </Text>
        </article>
      ))}
    </Panel>
  );
}

/** Show a calibration: agreement with labels, confusion matrix, biases, price and what is missing for a gate. */
export function CalibrationPanel({ calibration }: { calibration: Schema["Calibration"] }) {
  const t = useMessages().judges;
  const f = useFormats();
  const report = calibration.report;
  if (!report) return null;
  return (
    <>
      <Stats
        items={[
          { label: t.labels, value: f.number(calibration.labels), note: calibration.task },
          { label: t.agreement, value: f.percent(report.agreement ?? 0, 0) },
          { label: t.errors, value: f.number(report.errors), note: f.percent(report.error_rate ?? 0, 0) },
          { label: t.price, value: f.money(report.cost_per_thousand) },
          { label: t.latency, value: f.duration(report.latency_p50), note: f.duration(report.latency_p95) },
        ]}
      />
      {report.reasons?.length ? (
        <Alert color="orange" title={t.reasons}>
          <List size="sm">
            {report.reasons.map((reason) => (
              <List.Item key={reason}>{reason}</List.Item>
            ))}
          </List>
        </Alert>
      ) : null}
      <Columns
        main={
          <Panel title={t.matrix}>
            <Kappa calibration={calibration} report={report} />
            <Matrix report={report} />
          </Panel>
        }
        side={
          <Panel title={t.bias}>
            <Biases report={report} />
          </Panel>
        }
      />
    </>
  );
}

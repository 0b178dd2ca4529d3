import { Anchor, TagsInput, Text } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { formatPValue, formatSigned } from "@/components/comparison/MetricsTable";
import { scoreDecimals } from "@/components/comparison/scores";
import { Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import c from "../evals.module.css";

const SHOWN = 12;
const SUGGESTIONS = ["language", "length", "label"];

/** Show both evaluations in slices of the examples, the most certain differences first. A slice can be browsed. */
export function SlicesPanel({
  comparison,
  slices,
  onSlices,
  onOpen,
}: {
  comparison: Schema["EvalComparison"];
  slices: string[];
  onSlices: (slices: string[]) => void;
  onOpen: (slice: string, metric: string) => void;
}) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const [showAll, setShowAll] = useState(false);
  const found = comparison.slices ?? [];
  const rows = showAll ? found : found.slice(0, SHOWN);
  return (
    <Panel title={t.slices} flush>
      <div className={c.filters}>
        <TagsInput
          size="xs"
          aria-label={t.slices}
          placeholder={slices.length ? undefined : t.slicesHint}
          data={SUGGESTIONS}
          value={slices}
          onChange={onSlices}
          className={c.grow}
        />
      </div>
      {slices.length > 0 && !rows.length && (
        <Text size="sm" c="dimmed" px="md" pb="md">
          {t.noSlices}
        </Text>
      )}
      {rows.length > 0 && (
        <section className={c.scroll} tabIndex={0} aria-label={t.slices}>
          <table className={c.table}>
            <thead>
              <tr>
                <th scope="col">{t.slice}</th>
                <th scope="col">{t.metric}</th>
                {[t.examples, t.a, t.b, t.difference, t.won, t.p].map((title) => (
                  <th key={title} scope="col" className={c.right}>
                    {title}
                  </th>
                ))}
                <th scope="col">{t.verdict}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => {
                const isCertain = one.adjusted_p < 0.05;
                const state = !isCertain ? "queued" : one.is_worse ? "error" : "ok";
                return (
                  <tr key={`${one.slice} ${one.metric}`}>
                    <td>
                      <Anchor component="button" type="button" size="sm" onClick={() => onOpen(one.slice, one.metric)}>
                        {one.slice}
                      </Anchor>
                    </td>
                    <td>{one.metric}</td>
                    <td className={`${c.right} num`}>{f.number(one.n)}</td>
                    <td className={`${c.right} num`}>{f.fixed(one.a, scoreDecimals(one.metric))}</td>
                    <td className={`${c.right} num`}>{f.fixed(one.b, scoreDecimals(one.metric))}</td>
                    <td className={`${c.right} num`}>{formatSigned(one.difference, one.metric, f)}</td>
                    <td className={`${c.right} num`}>
                      {f.number(one.wins)} · {f.number(one.losses)}
                    </td>
                    <td className={`${c.right} num`}>{formatPValue(one.adjusted_p, f)}</td>
                    <td>
                      <Status state={state} label={isCertain ? (one.is_worse ? t.worse : t.better) : t.unclear} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
      {found.length > rows.length && (
        <Anchor component="button" type="button" size="xs" className={c.more} onClick={() => setShowAll(true)}>
          {t.showAll(f.number(found.length))}
        </Anchor>
      )}
    </Panel>
  );
}

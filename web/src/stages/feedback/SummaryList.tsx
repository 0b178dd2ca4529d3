import { Text, UnstyledButton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Meter } from "@/components/charts/Bars";
import c from "./Feedback.module.css";

type Props = { summary: UseQueryResult<S["Summary"][]>; onVersion: (version: string) => void };

/** The mean of each score of each model version, with the interval that holds it. */
export function SummaryList({ summary, onVersion }: Props) {
  const t = useMessages().feedback;
  const f = useFormats();
  return (
    <Await query={summary} lines={2}>
      {(groups) =>
        groups.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.summaryEmpty}
          </Text>
        ) : (
          <ul className={c.summary} aria-label={t.summary}>
            {groups.map((group) => {
              const { mean, low, high, model_version: version } = group;
              const bounded = low != null && high != null;
              const text =
                mean == null
                  ? f.number(null)
                  : bounded
                    ? t.mean(f.fixed(mean, 2), f.fixed(low, 2), f.fixed(high, 2))
                    : t.meanOnly(f.fixed(mean, 2));
              return (
                <li key={`${version} ${group.name}`} className={c.group}>
                  <span className={c.who}>
                    {version ? (
                      <UnstyledButton className={`${c.version} mono`} onClick={() => onVersion(version)}>
                        {version}
                      </UnstyledButton>
                    ) : (
                      <span className={c.dim}>{t.unversioned}</span>
                    )}
                    <span className={c.dim}>{group.name}</span>
                  </span>
                  <span>{mean != null && <Meter value={mean} low={low} high={high} label={text} />}</span>
                  <span className={`${c.mean} num`}>
                    <b>{f.fixed(mean, 2)}</b>
                    <span className={c.dim}>{bounded ? t.interval(f.fixed(low, 2), f.fixed(high, 2)) : ""}</span>
                  </span>
                  <span className={`${c.counts} num`}>
                    {f.number(group.scores)} {t.columns.n.toLowerCase()}
                    {" · "}
                    {f.number(group.corrections)} {t.columns.corrections.toLowerCase()}
                  </span>
                </li>
              );
            })}
          </ul>
        )
      }
    </Await>
  );
}

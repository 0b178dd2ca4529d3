import { Text, UnstyledButton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "./Feedback.module.css";

type Props = { summary: UseQueryResult<Schema["ScoreSummary"][]>; onVersion: (version: string) => void };

/** Show the mean of each score per model version, with its confidence interval. */
export function SummaryList({ summary, onVersion }: Props) {
  const t = useMessages().feedback;
  const f = useFormats();
  return (
    <QueryBoundary query={summary} lines={2}>
      {(groups) =>
        groups.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.summaryEmpty}
          </Text>
        ) : (
          <ul className={c.summary} aria-label={t.summary}>
            {groups.map((group) => {
              const { mean, low, high, model_version: version } = group;
              const hasInterval = low != null && high != null;
              const text =
                mean == null
                  ? f.number(null)
                  : hasInterval
                    ? t.mean(f.fixed(mean, 2), f.fixed(low, 2), f.fixed(high, 2))
                    : t.meanOnly(f.fixed(mean, 2));
              return (
                <li key={`${version} ${group.name}`} className={c.group}>
                  <span className={c.subject}>
                    {version ? (
                      <UnstyledButton className={`${c.version} mono`} onClick={() => onVersion(version)}>
                        {version}
                      </UnstyledButton>
                    ) : (
                      <span className={c.dimmed}>{t.unversioned}</span>
                    )}
                    <span className={c.dimmed}>{group.name}</span>
                  </span>
                  <span>{mean != null && <Meter value={mean} low={low} high={high} label={text} />}</span>
                  <span className={`${c.mean} num`}>
                    <b>{f.fixed(mean, 2)}</b>
                    <span className={c.dimmed}>{hasInterval ? t.interval(f.fixed(low, 2), f.fixed(high, 2)) : ""}</span>
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
    </QueryBoundary>
  );
}

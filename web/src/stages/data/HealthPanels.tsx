import { Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { BarList } from "@/components/charts/Bars";
import { Panel } from "@/components/Page";
import c from "./data.module.css";
import { splitColor } from "./model";
import { RowGroups } from "./RowGroups";

type Report = Schema["HealthReport"];
const route = getRouteApi("/data/$name");

/** Return a function that opens a row through the URL. */
export function useOpenRow() {
  const navigate = route.useNavigate();
  return (row: number) => void navigate({ search: (previous) => ({ ...previous, row }) });
}

/** Show a panel without findings. */
export function NoFindingsPanel({ title, text }: { title: string; text: string }) {
  return (
    <Panel title={title}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </Panel>
  );
}

/** Show PII by kind, with rows that contain it. */
export function PiiPanel({ report, datasetRef }: { report: Report; datasetRef: string }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const [kind, setKind] = useState<string | null>(null);
  const kinds = Object.entries(report.personal).sort(([, a], [, b]) => b.found - a.found);
  if (kinds.length === 0) return <NoFindingsPanel title={t.pii} text={t.noPii} />;
  const listedRows = report.personal[kind ?? ""]?.listed ?? [];
  return (
    <Panel title={t.pii}>
      <Text size="xs" c="dimmed" mb={6}>
        {t.piiHint}
      </Text>
      <BarList
        label={t.pii}
        bars={kinds.map(([name, detection]) => ({
          label: t.kinds[name] ?? name,
          value: detection.found,
          note: t.inRows(f.number(detection.rows)),
          color: "--series-5",
          onClick: () => setKind(name === kind ? null : name),
        }))}
      />
      {kind && listedRows.length > 0 && (
        <div className={c.examples}>
          <RowGroups
            datasetRef={datasetRef}
            groups={[{ key: kind, rows: [...new Set(listedRows)], note: t.kinds[kind] ?? kind }]}
            rowsPerGroup={4}
          />
        </div>
      )}
    </Panel>
  );
}

/** Show duplicate rows in groups. */
export function DuplicatesPanel({
  report,
  datasetRef,
  kind,
}: {
  report: Report;
  datasetRef: string;
  kind: "exact" | "near";
}) {
  const t = useMessages().data.health;
  const f = useFormats();
  const duplicates = report[kind];
  if (duplicates.groups === 0) return <NoFindingsPanel title={t[kind]} text={t.noDuplicates} />;
  return (
    <Panel title={t[kind]}>
      <Text size="xs" c="dimmed" mb={8}>
        {t.groups(f.number(duplicates.groups), f.number(duplicates.extra))}
      </Text>
      <RowGroups datasetRef={datasetRef} groups={duplicates.listed.map((rows) => ({ key: rows.join(), rows }))} />
    </Panel>
  );
}

/** Show rows that occur in both splits of a pair. */
export function LeakPanel({ report, datasetRef }: { report: Report; datasetRef: string }) {
  const t = useMessages().data.health;
  const f = useFormats();
  if (report.leakage.length === 0) return <NoFindingsPanel title={t.leakage} text={t.noLeakage} />;
  return (
    <Panel title={t.leakage}>
      <BarList
        label={t.leakage}
        bars={report.leakage.map((leak) => ({
          label: t.leak(leak.a, leak.b),
          value: leak.same + leak.near,
          note: t.leakNote(f.number(leak.same), f.number(leak.near)),
          color: splitColor(leak.b),
        }))}
      />
      <div className={c.examples}>
        <RowGroups
          datasetRef={datasetRef}
          groups={report.leakage.flatMap((leak) =>
            leak.listed.map((rows) => ({
              key: `${leak.a} ${leak.b} ${rows.join()}`,
              rows: rows as number[],
              note: t.leak(leak.a, leak.b),
            })),
          )}
        />
      </div>
    </Panel>
  );
}

/** Show rows with the same question and different answers. */
export function ConflictPanel({ report, datasetRef }: { report: Report; datasetRef: string }) {
  const t = useMessages().data.health;
  const f = useFormats();
  if (report.conflicts === 0) return <NoFindingsPanel title={t.conflictsTitle} text={t.noConflicts} />;
  const formatVotes = (votes: Schema["LabelConflict"]["votes"]): ReactNode =>
    Object.entries(votes)
      .map(
        ([path, counts]) =>
          `${path}: ${Object.entries(counts)
            .map(([value, votesForValue]) => t.votes(value, f.number(votesForValue)))
            .join(", ")}`,
      )
      .join("; ");
  return (
    <Panel title={t.conflictsTitle}>
      <RowGroups
        datasetRef={datasetRef}
        groups={report.conflicts_listed.map((conflict) => ({
          key: conflict.rows.join(),
          rows: conflict.rows,
          note: formatVotes(conflict.votes) || (conflict.same_input ? t.sameInput : t.nearInput),
        }))}
      />
    </Panel>
  );
}

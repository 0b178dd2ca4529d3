import { Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { BarList } from "@/components/charts/Bars";
import { Panel } from "@/components/Page";
import c from "./data.module.css";
import { splitColor } from "./model";
import { RowGroups } from "./RowGroups";

type Report = S["Report"];
const route = getRouteApi("/data/$name");

/** Opens a row in the address. */
export function useOpenRow() {
  const navigate = route.useNavigate();
  return (row: number) => void navigate({ search: (now) => ({ ...now, row }) });
}

/** A panel that has nothing to complain of. */
export function Nothing({ title, text }: { title: string; text: string }) {
  return (
    <Panel title={title}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </Panel>
  );
}

/** Personal data by its kind, with rows that hold it. */
export function PersonalPanel({ report, of }: { report: Report; of: string }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const [kind, setKind] = useState<string | null>(null);
  const kinds = Object.entries(report.personal).sort(([, a], [, b]) => b.found - a.found);
  if (kinds.length === 0) return <Nothing title={t.personal} text={t.noPersonal} />;
  const listed = report.personal[kind ?? ""]?.listed ?? [];
  return (
    <Panel title={t.personal}>
      <Text size="xs" c="dimmed" mb={6}>
        {t.personalHint}
      </Text>
      <BarList
        label={t.personal}
        bars={kinds.map(([name, found]) => ({
          label: t.kinds[name] ?? name,
          value: found.found,
          note: t.inRows(f.number(found.rows)),
          color: "--series-5",
          onClick: () => setKind(name === kind ? null : name),
        }))}
      />
      {kind && listed.length > 0 && (
        <div className={c.under}>
          <RowGroups
            of={of}
            groups={[{ key: kind, rows: [...new Set(listed)], note: t.kinds[kind] ?? kind }]}
            each={4}
          />
        </div>
      )}
    </Panel>
  );
}

/** Rows that say the same, in their groups. */
export function DuplicatesPanel({ report, of, kind }: { report: Report; of: string; kind: "exact" | "near" }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const found = report[kind];
  if (found.groups === 0) return <Nothing title={t[kind]} text={t.noDuplicates} />;
  return (
    <Panel title={t[kind]}>
      <Text size="xs" c="dimmed" mb={8}>
        {t.groups(f.number(found.groups), f.number(found.extra))}
      </Text>
      <RowGroups of={of} groups={found.listed.map((rows) => ({ key: rows.join(), rows }))} />
    </Panel>
  );
}

/** Rows that stand on both sides of a split. */
export function LeakPanel({ report, of }: { report: Report; of: string }) {
  const t = useMessages().data.health;
  const f = useFormats();
  if (report.leakage.length === 0) return <Nothing title={t.leakage} text={t.noLeakage} />;
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
      <div className={c.under}>
        <RowGroups
          of={of}
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

/** One question with several answers. */
export function ConflictPanel({ report, of }: { report: Report; of: string }) {
  const t = useMessages().data.health;
  const f = useFormats();
  if (report.conflicts === 0) return <Nothing title={t.conflictsTitle} text={t.noConflicts} />;
  const votes = (all: S["Conflict"]["votes"]): ReactNode =>
    Object.entries(all)
      .map(
        ([path, counts]) =>
          `${path}: ${Object.entries(counts)
            .map(([value, n]) => t.votes(value, f.number(n)))
            .join(", ")}`,
      )
      .join("; ");
  return (
    <Panel title={t.conflictsTitle}>
      <RowGroups
        of={of}
        groups={report.conflicts_listed.map((one) => ({
          key: one.rows.join(),
          rows: one.rows,
          note: votes(one.votes) || (one.same_input ? t.sameInput : t.nearInput),
        }))}
      />
    </Panel>
  );
}

import { ActionIcon, Button, SegmentedControl, Select, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowLeftRight, Columns2 } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { EmptyState } from "@/components/EmptyState";
import { Panel, Stats } from "@/components/Page";
import c from "./data.module.css";
import { refOf, type Version } from "./model";
import { diff as diffQuery, version as versionQuery } from "./queries";
import { Sides } from "./Sides";
import type { Kind } from "./search";

const route = getRouteApi("/data/$name");
const STEP = 20;

function Pick({ a, b, all }: { a: string; b: string; all: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigate = route.useNavigate();
  const refs = [...new Set([...all.map(refOf), a, b])];
  const known = new Map(all.map((one) => [refOf(one), one]));
  const data = refs.map((ref) => {
    const one = known.get(ref);
    const label = one
      ? t.version.option(
          f.number(one.number),
          t.operations[one.operation.name] ?? one.operation.name,
          f.number(one.rows),
        )
      : ref;
    return { value: ref, label };
  });
  const change = (values: { a?: string; b?: string }) =>
    void navigate({ search: (now) => ({ ...now, a, b, kind: undefined, ...values }), replace: true });
  return (
    <div className={c.pick}>
      <Select
        size="sm"
        label={t.diff.before}
        data={data}
        value={a}
        allowDeselect={false}
        searchable
        onChange={(ref) => ref && change({ a: ref })}
      />
      <Tooltip label={t.diff.swap}>
        <ActionIcon variant="default" size={36} aria-label={t.diff.swap} onClick={() => change({ a: b, b: a })}>
          <ArrowLeftRight size={16} />
        </ActionIcon>
      </Tooltip>
      <Select
        size="sm"
        label={t.diff.after}
        data={data}
        value={b}
        allowDeselect={false}
        searchable
        onChange={(ref) => ref && change({ b: ref })}
      />
    </div>
  );
}

function Listed({ rows, total, kind }: { rows: S["RowChange"][]; total: number; kind?: Kind }) {
  const t = useMessages().data.diff;
  const f = useFormats();
  const [shown, setShown] = useState(STEP);
  if (total === 0)
    return (
      <Text size="sm" c="dimmed">
        {kind ? t.noneOf : t.none}
      </Text>
    );
  return (
    <>
      {total > rows.length && (
        <Text size="sm" c="dimmed" mb="xs">
          {t.cut(f.number(rows.length), f.number(total))}
        </Text>
      )}
      <ul className={c.changes}>
        {rows.slice(0, shown).map((row) => (
          <Sides key={`${row.kind} ${row.row_a} ${row.row_b}`} change={row} />
        ))}
      </ul>
      {rows.length > shown && (
        <Button size="xs" variant="default" mt="sm" onClick={() => setShown(shown + STEP)}>
          {t.showMore}
        </Button>
      )}
    </>
  );
}

function Compared({ a, b, kind }: { a: string; b: string; kind?: Kind }) {
  const t = useMessages().data.diff;
  const f = useFormats();
  const navigate = route.useNavigate();
  const query = useQuery(diffQuery(a, b, kind));
  return (
    <Await query={query}>
      {(found) => {
        const counts = { changed: found.changed, removed: found.removed, added: found.added };
        const total = kind ? counts[kind] : found.changed + found.removed + found.added;
        return (
          <>
            <Stats
              items={[
                { label: t.added, value: f.number(found.added) },
                { label: t.removed, value: f.number(found.removed) },
                { label: t.changed, value: f.number(found.changed) },
                { label: t.unchanged, value: f.number(found.unchanged) },
                { label: t.metadata, value: f.number(found.metadata_changed) },
              ]}
            />
            <Panel
              title={t.rows}
              actions={
                <SegmentedControl
                  size="xs"
                  aria-label={t.kinds}
                  value={kind ?? "all"}
                  onChange={(value) =>
                    void navigate({
                      search: (now) => ({ ...now, kind: value === "all" ? undefined : (value as Kind) }),
                      replace: true,
                    })
                  }
                  data={[
                    { value: "all", label: t.all },
                    { value: "changed", label: t.changed },
                    { value: "removed", label: t.removed },
                    { value: "added", label: t.added },
                  ]}
                />
              }
            >
              <Listed key={`${a} ${b} ${kind}`} rows={found.rows} total={total} kind={kind} />
            </Panel>
          </>
        );
      }}
    </Await>
  );
}

/** Two versions side by side: how many rows differ, and those rows. */
export default function DiffTab({ current, all }: { current: Version; all: Version[] }) {
  const t = useMessages().data.diff;
  const search = route.useSearch();
  const ref = refOf(current);
  const before = current.parents[0] ?? all.filter((one) => one.number < current.number).map(refOf)[0];
  // The first version has nothing before it: it is what the newest is compared with.
  const a = search.a ?? before ?? ref;
  const b = search.b ?? (before || !all[0] ? ref : refOf(all[0]));
  const other = useQuery({ ...versionQuery(a), enabled: a.includes("@") });
  if (a === b && all.length < 2)
    return (
      <EmptyState
        icon={Columns2}
        title={t.choose}
        cli={`vong data diff ${current.name}@1 ${current.name}@2`}
        python={`from vong.client import Client\n\nvong = Client()\nvong.data.diff("${current.name}@1", "${current.name}@2")`}
      >
        {t.only}
      </EmptyState>
    );
  const offered = other.data && !all.some((one) => refOf(one) === a) ? [...all, other.data] : all;
  return (
    <div className={c.stack}>
      <Panel>
        <Pick a={a} b={b} all={offered} />
      </Panel>
      <Compared a={a} b={b} kind={search.kind} />
    </div>
  );
}

import { ActionIcon, Button, SegmentedControl, Select, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowLeftRight, Columns2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { EmptyState } from "@/components/EmptyState";
import { Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "./data.module.css";
import { type Version, versionRef } from "./model";
import { diffQuery, versionQuery } from "./queries";
import { SideBySideDiff } from "./SideBySideDiff";
import type { ChangeKind } from "./search";

const route = getRouteApi("/data/$name");
const PAGE_ROWS = 20;

function VersionSelects({ a, b, versions }: { a: string; b: string; versions: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigate = route.useNavigate();
  const refs = [...new Set([...versions.map(versionRef), a, b])];
  const versionsByRef = new Map(versions.map((version) => [versionRef(version), version]));
  const data = refs.map((ref) => {
    const version = versionsByRef.get(ref);
    const label = version
      ? t.version.option(
          f.number(version.number),
          t.operations[version.operation.name] ?? version.operation.name,
          f.number(version.rows),
        )
      : ref;
    return { value: ref, label };
  });
  const updateSearch = (values: { a?: string; b?: string }) =>
    void navigate({ search: (previous) => ({ ...previous, a, b, kind: undefined, ...values }), replace: true });
  return (
    <div className={c.versionSelects}>
      <Select
        size="sm"
        label={t.diff.before}
        data={data}
        value={a}
        allowDeselect={false}
        searchable
        onChange={(ref) => ref && updateSearch({ a: ref })}
      />
      <Tooltip label={t.diff.swap}>
        <ActionIcon variant="default" size={36} aria-label={t.diff.swap} onClick={() => updateSearch({ a: b, b: a })}>
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
        onChange={(ref) => ref && updateSearch({ b: ref })}
      />
    </div>
  );
}

function ChangedRows({ rows, total, kind }: { rows: Schema["RowDiff"][]; total: number; kind?: ChangeKind }) {
  const t = useMessages().data.diff;
  const f = useFormats();
  const [visibleCount, setVisibleCount] = useState(PAGE_ROWS);
  if (total === 0)
    return (
      <Text size="sm" c="dimmed">
        {kind ? t.noMatches : t.none}
      </Text>
    );
  return (
    <>
      {total > rows.length && (
        <Text size="sm" c="dimmed" mb="xs">
          {t.limited(f.number(rows.length), f.number(total))}
        </Text>
      )}
      <ul className={c.changes}>
        {rows.slice(0, visibleCount).map((row) => (
          <SideBySideDiff key={`${row.kind} ${row.row_a} ${row.row_b}`} change={row} />
        ))}
      </ul>
      {rows.length > visibleCount && (
        <Button size="xs" variant="default" mt="sm" onClick={() => setVisibleCount(visibleCount + PAGE_ROWS)}>
          {t.showMore}
        </Button>
      )}
    </>
  );
}

function Comparison({ a, b, kind }: { a: string; b: string; kind?: ChangeKind }) {
  const t = useMessages().data.diff;
  const f = useFormats();
  const navigate = route.useNavigate();
  const query = useQuery(diffQuery(a, b, kind));
  return (
    <QueryBoundary query={query}>
      {(result) => {
        const counts = { changed: result.changed, removed: result.removed, added: result.added };
        const total = kind ? counts[kind] : result.changed + result.removed + result.added;
        return (
          <>
            <Stats
              items={[
                { label: t.added, value: f.number(result.added) },
                { label: t.removed, value: f.number(result.removed) },
                { label: t.changed, value: f.number(result.changed) },
                { label: t.unchanged, value: f.number(result.unchanged) },
                { label: t.metadata, value: f.number(result.metadata_changed) },
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
                      search: (previous) => ({
                        ...previous,
                        kind: value === "all" ? undefined : (value as ChangeKind),
                      }),
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
              <ChangedRows key={`${a} ${b} ${kind}`} rows={result.rows} total={total} kind={kind} />
            </Panel>
          </>
        );
      }}
    </QueryBoundary>
  );
}

/** Show the diff of two versions: counts and the changed rows. */
export default function DiffTab({ current, versions }: { current: Version; versions: Version[] }) {
  const t = useMessages().data.diff;
  const search = route.useSearch();
  const ref = versionRef(current);
  const parent = current.parents[0] ?? versions.filter((version) => version.number < current.number).map(versionRef)[0];
  // The first version has no parent, so the newest version is compared with it.
  const a = search.a ?? parent ?? ref;
  const b = search.b ?? (parent || !versions[0] ? ref : versionRef(versions[0]));
  const comparedVersion = useQuery({ ...versionQuery(a), enabled: a.includes("@") });
  if (a === b && versions.length < 2)
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
  const options =
    comparedVersion.data && !versions.some((version) => versionRef(version) === a)
      ? [...versions, comparedVersion.data]
      : versions;
  return (
    <div className={c.stack}>
      <Panel>
        <VersionSelects a={a} b={b} versions={options} />
      </Panel>
      <Comparison a={a} b={b} kind={search.kind} />
    </div>
  );
}

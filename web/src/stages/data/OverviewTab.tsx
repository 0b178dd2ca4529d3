import { Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { BarList } from "@/components/charts/Bars";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink, useNavigateTo } from "@/components/EntityLink";
import { refName } from "@/components/entities";
import { Graph, type GraphNode } from "@/components/graph";
import { Facts, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import c from "./data.module.css";
import { settingEntries, sortedSplits, splitColor, type Version, versionEdges, versionRef } from "./model";
import { changesQuery, historyQuery } from "./queries";

const route = getRouteApi("/data/$name");
const MAX_DRAWN_VERSIONS = 30;
const COLORS: Record<string, string> = {
  import: "--series-6",
  append: "--series-2",
  clean: "--series-3",
  split: "--series-1",
  harvest: "--series-4",
  edit: "--series-2",
};

function History({ current, versions }: { current: Version; versions: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const drawnVersions = useMemo(() => {
    const newest = versions.slice(0, MAX_DRAWN_VERSIONS);
    return newest.some((version) => version.hash === current.hash) ? newest : [...newest, current];
  }, [versions, current]);
  const query = useQuery(historyQuery(current.name, drawnVersions));
  const isNarrow = useMediaQuery("(max-width: 700px)") ?? false;
  return (
    <Panel title={t.overview.history} flush>
      <QueryBoundary query={query} lines={3}>
        {(graphVersions) => {
          const nodes = graphVersions.map(
            (version): GraphNode => ({
              id: versionRef(version),
              kind: t.operations[version.operation.name] ?? version.operation.name,
              title: `${version.name} ${f.number(version.number)}`,
              note: `${t.overview.rowsNote(f.number(version.rows))} · ${f.ago(version.created_at)}`,
              color: COLORS[version.operation.name],
              active: version.hash === current.hash && version.name === current.name,
            }),
          );
          return (
            <Graph
              nodes={nodes}
              edges={versionEdges(graphVersions)}
              label={t.overview.graph}
              height={isNarrow ? Math.min(460, 40 + 110 * nodes.length) : nodes.length > 8 ? 280 : 190}
              direction={isNarrow ? "TB" : "LR"}
              onOpen={(ref) =>
                navigateTo({ to: `/data/${encodeURIComponent(refName(ref))}`, search: { version: ref } })
              }
            />
          );
        }}
      </QueryBoundary>
      {versions.length > MAX_DRAWN_VERSIONS && (
        <Text size="xs" c="dimmed" px={16} py={8}>
          {t.overview.limited(f.number(MAX_DRAWN_VERSIONS))}
        </Text>
      )}
    </Panel>
  );
}

function Splits({ current }: { current: Version }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigate = route.useNavigate();
  const splits = sortedSplits(current);
  const namedSplits = splits.filter((split) => split.name !== null);
  return (
    <Panel title={t.overview.splits}>
      <Text size="sm" c="dimmed" mb="xs">
        {namedSplits.length ? t.overview.splitsHint : t.overview.noSplits}
      </Text>
      <BarList
        label={t.overview.splits}
        bars={splits.map(({ name, rows }) => ({
          label: name ?? t.split.none,
          value: rows,
          note: f.percent(rows / current.rows, 0),
          color: splitColor(name),
          onClick: name
            ? () => void navigate({ search: { version: versionRef(current), tab: "rows", split: name } })
            : undefined,
        }))}
      />
    </Panel>
  );
}

function OperationPanel({ current }: { current: Version }) {
  const t = useMessages().data;
  const f = useFormats();
  const { operation, parents } = current;
  const settings = settingEntries(operation);
  return (
    <Panel title={t.overview.operationTitle}>
      <Facts
        items={[
          [t.overview.operation, t.operations[operation.name] ?? operation.name],
          ...(parents.length
            ? [
                [
                  t.overview.parents,
                  parents.map((parent) => (
                    <div key={parent}>
                      <EntityLink kind="dataset" entityRef={parent} />
                    </div>
                  )),
                ] as [React.ReactNode, React.ReactNode],
              ]
            : []),
          [t.overview.created, f.time(current.created_at)],
          [
            t.overview.hash,
            <span key="hash" className="mono">
              {current.hash.slice(0, 24)}… <CopyIcon text={current.hash} />
            </span>,
          ],
          ...settings.map(([name, value]): [string, React.ReactNode] => [
            t.settings[name] ?? name,
            <span key={name} className="mono">
              {t.values[value] ?? value}
            </span>,
          ]),
        ]}
      />
    </Panel>
  );
}

/** Show how many rows the operation changed, by kind of change. */
function ChangeCounts({ current }: { current: Version }) {
  const t = useMessages().data;
  const counts = Object.entries(current.operation.changes ?? {}).filter(([, count]) => count > 0);
  if (counts.length === 0) return null;
  return (
    <Panel title={t.overview.counts}>
      <BarList
        label={t.overview.counts}
        bars={counts
          .sort(([, a], [, b]) => b - a)
          .map(([name, value]) => ({ label: t.changes[name] ?? name, value, color: "--series-3" }))}
      />
    </Panel>
  );
}

function CleaningChanges({ current }: { current: Version }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const query = useQuery(changesQuery(versionRef(current)));
  const parent = current.parents[0];
  const columns: Column<Schema["CleaningChange"]>[] = [
    { id: "row", title: t.overview.row, width: "70px", alignRight: true, cell: (change) => f.number(change.row) },
    {
      id: "what",
      title: t.overview.change,
      width: "minmax(170px, 0.7fr)",
      cell: (change) => t.changes[change.what] ?? change.what,
    },
    { id: "why", title: t.overview.reason, width: "minmax(220px, 1.6fr)", cell: (change) => change.reason },
    {
      id: "id",
      title: t.overview.id,
      width: "minmax(90px, 0.5fr)",
      cell: (change) => <span className="mono">{change.id ?? "–"}</span>,
    },
  ];
  if (!query.data?.length) return null;
  return (
    <Panel title={t.overview.changes} flush>
      <Text size="sm" c="dimmed" px={16} pb={10}>
        {t.overview.changesLead(f.number(query.data.length))}
      </Text>
      <DataGrid
        label={t.overview.changes}
        columns={columns}
        rows={query.data}
        rowKey={(change) => `${change.row} ${change.what} ${change.before}`}
        onOpen={(change) =>
          parent &&
          navigateTo({
            to: `/data/${encodeURIComponent(refName(parent))}`,
            search: { version: parent, tab: "rows", row: change.row } as never,
          })
        }
        height={Math.min(420, 40 * query.data.length + 36)}
      />
    </Panel>
  );
}

/** Show what a version contains, its origin and its changes. */
export function OverviewTab({ current, versions }: { current: Version; versions: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const splits = sortedSplits(current).filter((split) => split.name !== null).length;
  return (
    <div className={c.stack}>
      <Stats
        items={[
          { label: t.list.rows, value: f.number(current.rows) },
          {
            label: t.version.label,
            value: versions[0]
              ? t.overview.version(f.number(current.number), f.number(versions[0].number))
              : f.number(current.number),
          },
          { label: t.list.splits, value: f.number(splits) },
          { label: t.overview.operation, value: t.operations[current.operation.name] ?? current.operation.name },
          { label: t.list.when, value: <RelativeTime at={current.created_at} /> },
        ]}
      />
      <History current={current} versions={versions} />
      <Columns
        even
        main={
          <>
            <Splits current={current} />
            <ChangeCounts current={current} />
          </>
        }
        side={<OperationPanel current={current} />}
      />
      {current.operation.name === "clean" && <CleaningChanges current={current} />}
    </div>
  );
}

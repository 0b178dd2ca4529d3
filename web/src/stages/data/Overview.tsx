import { Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { BarList } from "@/components/charts/Bars";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Graph, type GraphNode } from "@/components/graph";
import { Facts, Panel, Stats } from "@/components/Page";
import { ThingLink, useGo } from "@/components/ThingLink";
import { nameOf } from "@/components/things";
import { When } from "@/components/When";
import c from "./data.module.css";
import { linesOf, refOf, splitColor, splitsOf, toldSettings, type Version } from "./model";
import { changes as changesQuery, history } from "./queries";

const route = getRouteApi("/data/$name");
const DRAWN = 30;
const COLORS: Record<string, string> = {
  import: "--series-6",
  append: "--series-2",
  clean: "--series-3",
  split: "--series-1",
  harvest: "--series-4",
  edit: "--series-2",
};

function History({ current, all }: { current: Version; all: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const go = useGo();
  const own = useMemo(() => {
    const newest = all.slice(0, DRAWN);
    return newest.some((one) => one.hash === current.hash) ? newest : [...newest, current];
  }, [all, current]);
  const query = useQuery(history(current.name, own));
  const tall = useMediaQuery("(max-width: 700px)") ?? false;
  return (
    <Panel title={t.overview.history} flush>
      <Await query={query} lines={3}>
        {(found) => {
          const nodes = found.map(
            (one): GraphNode => ({
              id: refOf(one),
              kind: t.operations[one.operation.name] ?? one.operation.name,
              title: `${one.name} ${f.number(one.number)}`,
              note: `${t.overview.rowsNote(f.number(one.rows))} · ${f.ago(one.created_at)}`,
              color: COLORS[one.operation.name],
              active: one.hash === current.hash && one.name === current.name,
            }),
          );
          return (
            <Graph
              nodes={nodes}
              edges={linesOf(found)}
              label={t.overview.graph}
              height={tall ? Math.min(460, 40 + 110 * nodes.length) : nodes.length > 8 ? 280 : 190}
              direction={tall ? "TB" : "LR"}
              onOpen={(ref) => go({ to: `/data/${encodeURIComponent(nameOf(ref))}`, search: { version: ref } })}
            />
          );
        }}
      </Await>
      {all.length > DRAWN && (
        <Text size="xs" c="dimmed" px={16} py={8}>
          {t.overview.cut(f.number(DRAWN))}
        </Text>
      )}
    </Panel>
  );
}

function Splits({ current }: { current: Version }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigate = route.useNavigate();
  const splits = splitsOf(current);
  const named = splits.filter((one) => one.name !== null);
  return (
    <Panel title={t.overview.splits}>
      <Text size="sm" c="dimmed" mb="xs">
        {named.length ? t.overview.splitsHint : t.overview.noSplits}
      </Text>
      <BarList
        label={t.overview.splits}
        bars={splits.map(({ name, rows }) => ({
          label: name ?? t.split.none,
          value: rows,
          note: f.percent(rows / current.rows, 0),
          color: splitColor(name),
          onClick: name
            ? () => void navigate({ search: { version: refOf(current), tab: "rows", split: name } })
            : undefined,
        }))}
      />
    </Panel>
  );
}

function MadeBy({ current }: { current: Version }) {
  const t = useMessages().data;
  const f = useFormats();
  const { operation, parents } = current;
  const settings = toldSettings(operation);
  return (
    <Panel title={t.overview.madeBy}>
      <Facts
        items={[
          [t.overview.by, t.operations[operation.name] ?? operation.name],
          ...(parents.length
            ? [
                [
                  t.overview.parents,
                  parents.map((parent) => (
                    <div key={parent}>
                      <ThingLink kind="dataset" of={parent} />
                    </div>
                  )),
                ] as [React.ReactNode, React.ReactNode],
              ]
            : []),
          [t.overview.made, f.time(current.created_at)],
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

/** How many rows the operation changed, in which way. */
function Counts({ current }: { current: Version }) {
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

function Changed({ current }: { current: Version }) {
  const t = useMessages().data;
  const f = useFormats();
  const go = useGo();
  const query = useQuery(changesQuery(refOf(current)));
  const parent = current.parents[0];
  const columns: Column<S["CleaningChange"]>[] = [
    { id: "row", title: t.overview.row, width: "70px", right: true, cell: (one) => f.number(one.row) },
    {
      id: "what",
      title: t.overview.what,
      width: "minmax(170px, 0.7fr)",
      cell: (one) => t.changes[one.what] ?? one.what,
    },
    { id: "why", title: t.overview.why, width: "minmax(220px, 1.6fr)", cell: (one) => one.reason },
    {
      id: "id",
      title: t.overview.id,
      width: "minmax(90px, 0.5fr)",
      cell: (one) => <span className="mono">{one.id ?? "–"}</span>,
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
        rowKey={(one) => `${one.row} ${one.what} ${one.before}`}
        onOpen={(one) =>
          parent &&
          go({
            to: `/data/${encodeURIComponent(nameOf(parent))}`,
            search: { version: parent, tab: "rows", row: one.row } as never,
          })
        }
        height={Math.min(420, 40 * query.data.length + 36)}
      />
    </Panel>
  );
}

/** What a version is, where it came from and what it changed. */
export function Overview({ current, all }: { current: Version; all: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const splits = splitsOf(current).filter((one) => one.name !== null).length;
  return (
    <div className={c.stack}>
      <Stats
        items={[
          { label: t.list.rows, value: f.number(current.rows) },
          {
            label: t.version.label,
            value: all[0]
              ? t.overview.version(f.number(current.number), f.number(all[0].number))
              : f.number(current.number),
          },
          { label: t.list.splits, value: f.number(splits) },
          { label: t.overview.by, value: t.operations[current.operation.name] ?? current.operation.name },
          { label: t.list.when, value: <When at={current.created_at} /> },
        ]}
      />
      <History current={current} all={all} />
      <Columns
        even
        main={
          <>
            <Splits current={current} />
            <Counts current={current} />
          </>
        }
        side={<MadeBy current={current} />}
      />
      {current.operation.name === "clean" && <Changed current={current} />}
    </div>
  );
}

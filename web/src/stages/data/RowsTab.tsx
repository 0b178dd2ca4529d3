import { NumberInput, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useMemo } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import c from "./data.module.css";
import { answered, asked, metadataLine, type Row, refOf, splitOf, splitsOf, type Version } from "./model";
import { rowCount, rows as rowsQuery } from "./queries";
import { SplitName } from "./Splits";

const route = getRouteApi("/data/$name");

function useColumns(): Column<Row>[] {
  const t = useMessages().data.rows;
  const f = useFormats();
  return [
    { id: "number", title: t.number, width: "72px", right: true, cell: (row) => f.number(row.number) },
    { id: "asked", title: t.asked, width: "minmax(240px, 1.5fr)", cell: (row) => asked(row.example) },
    {
      id: "answered",
      title: t.answered,
      width: "minmax(220px, 1.2fr)",
      cell: (row) => <span className="mono">{answered(row.example) || "–"}</span>,
    },
    { id: "split", title: t.split, width: "110px", cell: (row) => <SplitName name={splitOf(row.example)} /> },
    {
      id: "metadata",
      title: t.metadata,
      width: "minmax(150px, 0.7fr)",
      cell: (row) => <span className={`mono ${c.faint}`}>{metadataLine(row.example) || "–"}</span>,
    },
  ];
}

/** The rows as the address filters them, page by page. */
export function useRows(current: Version) {
  const { split, text, where, from } = route.useSearch();
  return useInfiniteQuery({
    ...rowsQuery(refOf(current), { split, text, where, from }),
    placeholderData: keepPreviousData,
  });
}

function Filters({ current, shown }: { current: Version; shown: string }) {
  const { rows: t, split: words } = useMessages().data;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (values: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, row: undefined, ...values }), replace: true });
  const text = useDebouncedCallback((value: string) => change({ text: value || undefined }), 300);
  const where = useDebouncedCallback((value: string) => change({ where: value || undefined }), 400);
  const from = useDebouncedCallback((value: number) => change({ from: value > 1 ? value : undefined }), 300);
  const splits = splitsOf(current).flatMap(({ name }) => (name === null ? [] : [name]));
  return (
    <div className={c.tools}>
      <TextInput
        className={c.search}
        size="xs"
        key={`text ${search.text === undefined}`}
        aria-label={t.search}
        placeholder={t.search}
        leftSection={<Search size={14} aria-hidden />}
        defaultValue={search.text}
        onChange={(event) => text(event.currentTarget.value)}
      />
      <Select
        size="xs"
        w={150}
        aria-label={t.bySplit}
        placeholder={words.all}
        clearable
        data={splits}
        value={search.split ?? null}
        onChange={(value) => change({ split: value ?? undefined })}
        disabled={splits.length === 0}
      />
      <TextInput
        size="xs"
        w={190}
        key={`where ${search.where === undefined}`}
        title={t.whereTitle}
        aria-label={t.where}
        placeholder={t.whereHint}
        defaultValue={search.where}
        onChange={(event) => where(event.currentTarget.value)}
      />
      <NumberInput
        size="xs"
        w={120}
        aria-label={t.from}
        placeholder={t.from}
        min={1}
        max={current.rows}
        allowDecimal={false}
        hideControls
        key={`from ${search.from === undefined}`}
        defaultValue={search.from}
        onChange={(value) => from(Number(value) || 1)}
      />
      <Text size="xs" c="dimmed" className={`${c.count} num`} role="status">
        {shown}
      </Text>
    </div>
  );
}

/** The rows of a version, as many as there are, to read and to search. */
export function RowsTab({ current }: { current: Version }) {
  const t = useMessages().data.rows;
  const f = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useRows(current);
  const rows = useMemo(() => query.data?.pages.flat() ?? [], [query.data]);
  const columns = useColumns();
  const { split, text, where, from } = search;
  const counted = useQuery({
    ...rowCount(refOf(current), { split, text, where }),
    enabled: !from && query.hasNextPage && Boolean(text || where),
  });
  const known = from ? undefined : text || where ? counted.data : split ? current.splits?.[split] : current.rows;
  const shown =
    known !== undefined || !query.hasNextPage
      ? t.shown(f.number(known ?? rows.length))
      : t.atLeast(f.number(rows.length));
  if (query.isError) return <Failure error={query.error} again={() => query.refetch()} />;
  return (
    <Panel flush>
      <Filters current={current} shown={query.isPending ? "" : shown} />
      <DataGrid
        label={t.label}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.number)}
        selected={search.row ? String(search.row) : undefined}
        onOpen={(row) => void navigate({ search: (now) => ({ ...now, row: row.number }), replace: true })}
        more={query.hasNextPage}
        loading={query.isFetchingNextPage || query.isPending}
        onEnd={() => void query.fetchNextPage()}
        height="max(320px, calc(100dvh - 290px))"
        rowHeight={36}
        onClear={
          split || text || where || from
            ? () => void navigate({ search: { version: search.version, tab: "rows" }, replace: true })
            : undefined
        }
      />
    </Panel>
  );
}

import { NumberInput, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useMemo } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import c from "./data.module.css";
import {
  answerLine,
  metadataLine,
  questionLine,
  type Row,
  rowSplit,
  sortedSplits,
  type Version,
  versionRef,
} from "./model";
import { rowCountQuery, rowsQuery } from "./queries";
import { SplitName } from "./Splits";

const route = getRouteApi("/data/$name");

function useColumns(): Column<Row>[] {
  const t = useMessages().data.rows;
  const f = useFormats();
  return [
    { id: "number", title: t.number, width: "72px", alignRight: true, cell: (row) => f.number(row.number) },
    { id: "asked", title: t.input, width: "minmax(240px, 1.5fr)", cell: (row) => questionLine(row.example) },
    {
      id: "answered",
      title: t.completion,
      width: "minmax(220px, 1.2fr)",
      cell: (row) => <span className="mono">{answerLine(row.example) || "–"}</span>,
    },
    { id: "split", title: t.split, width: "110px", cell: (row) => <SplitName name={rowSplit(row.example)} /> },
    {
      id: "metadata",
      title: t.metadata,
      width: "minmax(150px, 0.7fr)",
      cell: (row) => <span className={`mono ${c.faint}`}>{metadataLine(row.example) || "–"}</span>,
    },
  ];
}

/** Return the rows that match the URL's filters, page by page. */
export function useRows(current: Version) {
  const { split, text, where, from } = route.useSearch();
  return useInfiniteQuery({
    ...rowsQuery(versionRef(current), { split, text, where, from }),
    placeholderData: keepPreviousData,
  });
}

function Filters({ current, countLabel }: { current: Version; countLabel: string }) {
  const { rows: t, split: splitTexts } = useMessages().data;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const updateSearch = (values: Partial<typeof search>) =>
    void navigate({ search: (previous) => ({ ...previous, row: undefined, ...values }), replace: true });
  const setText = useDebouncedCallback((value: string) => updateSearch({ text: value || undefined }), 300);
  const setWhere = useDebouncedCallback((value: string) => updateSearch({ where: value || undefined }), 400);
  const setFrom = useDebouncedCallback((value: number) => updateSearch({ from: value > 1 ? value : undefined }), 300);
  const splits = sortedSplits(current).flatMap(({ name }) => (name === null ? [] : [name]));
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
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Select
        size="xs"
        w={150}
        aria-label={t.bySplit}
        placeholder={splitTexts.all}
        clearable
        data={splits}
        value={search.split ?? null}
        onChange={(value) => updateSearch({ split: value ?? undefined })}
        disabled={splits.length === 0}
      />
      <TextInput
        size="xs"
        w={190}
        key={`where ${search.where === undefined}`}
        title={t.filterTitle}
        aria-label={t.filter}
        placeholder={t.filterHint}
        defaultValue={search.where}
        onChange={(event) => setWhere(event.currentTarget.value)}
      />
      <NumberInput
        size="xs"
        w={120}
        aria-label={t.fromRow}
        placeholder={t.fromRow}
        min={1}
        max={current.rows}
        allowDecimal={false}
        hideControls
        key={`from ${search.from === undefined}`}
        defaultValue={search.from}
        onChange={(value) => setFrom(Number(value) || 1)}
      />
      <Text size="xs" c="dimmed" className={`${c.count} num`} role="status">
        {countLabel}
      </Text>
    </div>
  );
}

/** Show the rows of a version with search and filters. */
export function RowsTab({ current }: { current: Version }) {
  const t = useMessages().data.rows;
  const f = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useRows(current);
  const rows = useMemo(() => query.data?.pages.flat() ?? [], [query.data]);
  const columns = useColumns();
  const { split, text, where, from } = search;
  const countQuery = useQuery({
    ...rowCountQuery(versionRef(current), { split, text, where }),
    enabled: !from && query.hasNextPage && Boolean(text || where),
  });
  const matchingRows = from
    ? undefined
    : text || where
      ? countQuery.data
      : split
        ? current.splits?.[split]
        : current.rows;
  const countLabel =
    matchingRows !== undefined || !query.hasNextPage
      ? t.shown(f.number(matchingRows ?? rows.length))
      : t.atLeast(f.number(rows.length));
  if (query.isError) return <ErrorAlert error={query.error} onRetry={() => query.refetch()} />;
  return (
    <Panel flush>
      <Filters current={current} countLabel={query.isPending ? "" : countLabel} />
      <DataGrid
        label={t.label}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.number)}
        selected={search.row ? String(search.row) : undefined}
        onOpen={(row) => void navigate({ search: (previous) => ({ ...previous, row: row.number }), replace: true })}
        hasMore={query.hasNextPage}
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

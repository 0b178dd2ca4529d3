import { Button, Group, SegmentedControl, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Activity, Sprout, ThumbsUp, X } from "lucide-react";
import { useEffect, useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import c from "./Feedback.module.css";
import { ItemSidePanel } from "./ItemSidePanel";
import { choicesQuery, inboxQuery, summaryQuery } from "./queries";
import { ScoreSummary } from "./ScoreSummary";
import { SummaryList } from "./SummaryList";
import { ALL_SOURCES, type InboxFilters, type InboxSearch } from "./search";

type Item = Schema["InboxItem"];

const CLI = `vong feedback create SPAN --value 1
vong feedback list`;
const PYTHON = `from vong.client import Client
client = Client()
client.feedback.create(span_id, value=0, correction="What it should have said")
client.feedback.scores()`;

/** Maximum number of items to load while looking for the item named in the URL. */
const MAX_SEARCHED_ITEMS = 2000;

/** Show the feedback inbox and a summary per model version. */
export default function FeedbackPage() {
  const t = useMessages().feedback;
  const app = useMessages().app;
  const f = useFormats();
  const search = useSearch({ from: "/feedback" });
  const navigate = useNavigate({ from: "/feedback" });
  const filters = useMemo<InboxFilters>(() => {
    const { item: _item, ...rest } = search;
    return rest;
  }, [search]);
  const updateSearch = (part: Partial<InboxSearch>) =>
    navigate({ search: (previous) => ({ ...previous, ...part }) as InboxSearch, replace: !("item" in part) });
  const list = useInfiniteQuery(inboxQuery(filters));
  const summary = useQuery(summaryQuery(filters));
  const rows = useMemo(() => list.data?.pages.flat() ?? [], [list.data]);
  const columns = useColumns();
  const hasFilters = Object.keys(filters).length > 0;
  const clear = () => navigate({ search: (previous) => ({ item: previous.item }), replace: true });
  const openIndex = rows.findIndex((row) => row.score.id === search.item);
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const isSearching =
    Boolean(search.item) && openIndex < 0 && (isFetching || (hasNextPage && rows.length < MAX_SEARCHED_ITEMS));
  useEffect(() => {
    if (isSearching && !isFetching) void fetchNextPage();
  }, [isSearching, isFetching, fetchNextPage]);
  const step = (by: 1 | -1) => {
    const nextRow = rows[openIndex < 0 ? 0 : openIndex + by];
    if (nextRow) updateSearch({ item: nextRow.score.id });
    if (by > 0 && openIndex > rows.length - 10 && list.hasNextPage && !list.isFetchingNextPage)
      void list.fetchNextPage();
  };
  const scoreCount = summary.data?.reduce((sum, group) => sum + group.scores, 0);
  const isEmpty = list.isSuccess && rows.length === 0 && !hasFilters;
  return (
    <>
      <PageHeader
        title={app.nav.feedback}
        subtitle={<span className="num">{t.lead(f.number(scoreCount))}</span>}
        actions={
          !isEmpty && (
            <Button component={Link} to="/feedback/harvest" size="sm" leftSection={<Sprout size={15} aria-hidden />}>
              {t.harvest}
            </Button>
          )
        }
      />
      {isEmpty ? (
        <EmptyState
          icon={ThumbsUp}
          title={t.empty.title}
          action={
            <Button component={Link} to="/traces" size="sm" leftSection={<Activity size={15} aria-hidden />}>
              {t.empty.action}
            </Button>
          }
          cli={CLI}
          python={PYTHON}
        >
          {t.empty.text}
        </EmptyState>
      ) : (
        <PageBody>
          <Panel title={t.summary}>
            <SummaryList summary={summary} onVersion={(model_version) => updateSearch({ model_version })} />
          </Panel>
          <Panel title={t.inbox} flush>
            <Filters filters={filters} onChange={updateSearch} onClear={hasFilters ? clear : undefined} />
            {list.isError && !list.data ? (
              <ErrorAlert error={list.error} onRetry={() => list.refetch()} />
            ) : list.isPending ? (
              <LoadingPlaceholder lines={8} />
            ) : (
              <DataGrid
                label={t.inbox}
                columns={columns}
                rows={rows}
                rowKey={(row) => row.score.id}
                onOpen={(row) => updateSearch({ item: row.score.id })}
                selected={search.item}
                onEnd={list.fetchNextPage}
                hasMore={list.hasNextPage}
                loading={list.isFetchingNextPage}
                rowHeight={38}
                onClear={hasFilters ? clear : undefined}
              />
            )}
          </Panel>
        </PageBody>
      )}
      <ItemSidePanel
        item={openIndex >= 0 ? (rows[openIndex] as Item) : undefined}
        opened={Boolean(search.item)}
        isSearching={isSearching}
        nextSpanId={rows[openIndex + 1]?.score.span_id ?? undefined}
        onClose={() => updateSearch({ item: undefined })}
        onStep={step}
      />
    </>
  );
}

type FilterProps = {
  filters: InboxFilters;
  onChange: (part: Partial<InboxSearch>) => void;
  onClear?: () => void;
};

function Filters({ filters, onChange, onClear }: FilterProps) {
  const t = useMessages().feedback;
  const choices = useQuery(choicesQuery);
  const options = choices.data;
  const filterSelect = (
    name: "route" | "model" | "name",
    label: string,
    values: string[] | undefined,
    width: number,
  ) => (
    <Select
      size="xs"
      w={width}
      clearable
      searchable={(values?.length ?? 0) > 8}
      aria-label={label}
      placeholder={label}
      data={[...new Set([...(values ?? []), ...(filters[name] ? [filters[name]] : [])])]}
      value={filters[name] ?? null}
      onChange={(value) => onChange({ [name]: value ?? undefined })}
      comboboxProps={{ width: 240, position: "bottom-start" }}
    />
  );
  const versions = [
    ...new Set([...(options?.versions ?? []), ...(filters.model_version ? [filters.model_version] : [])]),
  ];
  return (
    <search className={c.filters}>
      <Group gap="xs">
        <SegmentedControl
          size="xs"
          aria-label={t.filter.kind}
          data={(["any", "score", "correction", "comment"] as const).map((value) => ({ value, label: t.kind[value] }))}
          value={filters.kind ?? "any"}
          onChange={(value) => onChange({ kind: value === "any" ? undefined : (value as InboxFilters["kind"]) })}
        />
        {filterSelect("route", t.filter.route, options?.routes, 120)}
        <Select
          size="xs"
          w={190}
          clearable
          aria-label={t.filter.model}
          placeholder={t.filter.model}
          data={versions}
          value={filters.model_version ?? null}
          onChange={(value) => onChange({ model_version: value ?? undefined })}
          comboboxProps={{ width: 300, position: "bottom-start" }}
        />
        {filterSelect("name", t.filter.name, options?.names, 120)}
        <Select
          size="xs"
          w={130}
          clearable
          aria-label={t.filter.source}
          placeholder={t.filter.source}
          data={ALL_SOURCES.map((value) => ({ value, label: t.source[value] ?? value }))}
          value={filters.source ?? null}
          onChange={(value) => onChange({ source: (value as InboxFilters["source"]) ?? undefined })}
        />
        <Select
          size="xs"
          w={150}
          clearable
          aria-label={t.filter.harvested}
          placeholder={t.filter.harvested}
          data={[
            { value: "no", label: t.filter.not },
            { value: "yes", label: t.filter.yes },
          ]}
          value={filters.harvested === undefined ? null : filters.harvested ? "yes" : "no"}
          onChange={(value) => onChange({ harvested: value === null ? undefined : value === "yes" })}
        />
        {onClear && (
          <Button size="xs" variant="subtle" color="gray" leftSection={<X size={14} aria-hidden />} onClick={onClear}>
            {t.filter.clear}
          </Button>
        )}
      </Group>
    </search>
  );
}

function useColumns(): Column<Item>[] {
  const t = useMessages().feedback;
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  return useMemo(() => {
    const columns: Column<Item>[] = [
      {
        id: "time",
        title: t.columns.time,
        width: "108px",
        cell: ({ score }) => <RelativeTime at={score.created_at} />,
      },
      {
        id: "says",
        title: t.columns.value,
        width: "150px",
        cell: ({ score }) => <ScoreSummary score={score} />,
      },
      {
        id: "input",
        title: t.columns.input,
        width: "minmax(170px, 1fr)",
        cell: ({ span }) => <span className={c.dimmed}>{span?.input_preview || "–"}</span>,
      },
      {
        id: "answer",
        title: t.columns.answer,
        width: "minmax(150px, 1fr)",
        cell: ({ span }) => <span className={c.dimmed}>{span?.output_preview || "–"}</span>,
      },
      {
        id: "correction",
        title: t.columns.correction,
        width: "minmax(150px, 1fr)",
        cell: ({ score }) => score.correction ?? score.comment ?? "–",
      },
      {
        id: "model",
        title: t.columns.model,
        width: "minmax(110px, 150px)",
        cell: ({ span }) => <span className="mono">{span?.model ?? "–"}</span>,
      },
      {
        id: "author",
        title: t.columns.author,
        width: "110px",
        cell: ({ score }) => score.author ?? t.source[score.source ?? "human"],
      },
    ];
    const narrowWidths: Record<string, string> = {
      says: "112px",
      input: "minmax(90px, 1fr)",
      correction: "minmax(80px, 1fr)",
    };
    return isNarrow
      ? columns.flatMap((column) =>
          narrowWidths[column.id] ? [{ ...column, width: narrowWidths[column.id] as string }] : [],
        )
      : columns;
  }, [t, isNarrow]);
}

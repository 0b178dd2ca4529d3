import { Button, Group, SegmentedControl, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Activity, Sprout, ThumbsUp, X } from "lucide-react";
import { useEffect, useMemo } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { When } from "@/components/When";
import c from "./Feedback.module.css";
import { ItemPeek } from "./ItemPeek";
import { choicesQuery, inboxQuery, summaryQuery } from "./queries";
import { Says } from "./Says";
import { SummaryList } from "./SummaryList";
import { ALL_SOURCES, type InboxFilters, type InboxSearch } from "./search";

type Item = S["InboxItem"];

const CLI = `vong feedback add SPAN --value 1
vong feedback list`;
const PYTHON = `from vong.client import Client
client = Client()
client.feedback.add(span_id, value=0, correction="What it should have said")
client.feedback.scores()`;

/** An item that a link names is looked for in so many. */
const LOOK_THROUGH = 2000;

/** What people and programs said of answers: an inbox to work through, and what it says of each model. */
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
  const change = (part: Partial<InboxSearch>) =>
    navigate({ search: (had) => ({ ...had, ...part }) as InboxSearch, replace: !("item" in part) });
  const list = useInfiniteQuery(inboxQuery(filters));
  const summary = useQuery(summaryQuery(filters));
  const rows = useMemo(() => list.data?.pages.flat() ?? [], [list.data]);
  const columns = useColumns();
  const filtered = Object.keys(filters).length > 0;
  const clear = () => navigate({ search: (had) => ({ item: had.item }), replace: true });
  const place = rows.findIndex((row) => row.score.id === search.item);
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const looking = Boolean(search.item) && place < 0 && (isFetching || (hasNextPage && rows.length < LOOK_THROUGH));
  useEffect(() => {
    if (looking && !isFetching) void fetchNextPage();
  }, [looking, isFetching, fetchNextPage]);
  const step = (by: 1 | -1) => {
    const next = rows[place < 0 ? 0 : place + by];
    if (next) change({ item: next.score.id });
    if (by > 0 && place > rows.length - 10 && list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  const all = summary.data?.reduce((sum, group) => sum + group.scores, 0);
  const empty = list.isSuccess && rows.length === 0 && !filtered;
  return (
    <>
      <PageHeader
        title={app.nav.feedback}
        sub={<span className="num">{t.lead(f.number(all))}</span>}
        actions={
          !empty && (
            <Button component={Link} to="/feedback/harvest" size="sm" leftSection={<Sprout size={15} aria-hidden />}>
              {t.harvest}
            </Button>
          )
        }
      />
      {empty ? (
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
            <SummaryList summary={summary} onVersion={(model_version) => change({ model_version })} />
          </Panel>
          <Panel title={t.inbox} flush>
            <Filters filters={filters} onChange={change} onClear={filtered ? clear : undefined} />
            {list.isError && !list.data ? (
              <Failure error={list.error} again={() => list.refetch()} />
            ) : list.isPending ? (
              <Waiting lines={8} />
            ) : (
              <DataGrid
                label={t.inbox}
                columns={columns}
                rows={rows}
                rowKey={(row) => row.score.id}
                onOpen={(row) => change({ item: row.score.id })}
                selected={search.item}
                onEnd={list.fetchNextPage}
                more={list.hasNextPage}
                loading={list.isFetchingNextPage}
                rowHeight={38}
                onClear={filtered ? clear : undefined}
              />
            )}
          </Panel>
        </PageBody>
      )}
      <ItemPeek
        item={place >= 0 ? (rows[place] as Item) : undefined}
        opened={Boolean(search.item)}
        looking={looking}
        next={rows[place + 1]?.score.span_id ?? undefined}
        onClose={() => change({ item: undefined })}
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
  const found = choices.data;
  const pick = (name: "route" | "model" | "name", label: string, values: string[] | undefined, width: number) => (
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
    ...new Set([...(found?.versions ?? []), ...(filters.model_version ? [filters.model_version] : [])]),
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
        {pick("route", t.filter.route, found?.routes, 120)}
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
        {pick("name", t.filter.name, found?.names, 120)}
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
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return useMemo(() => {
    const all: Column<Item>[] = [
      { id: "time", title: t.columns.time, width: "108px", cell: ({ score }) => <When at={score.created_at} /> },
      {
        id: "says",
        title: t.columns.value,
        width: "150px",
        cell: ({ score }) => <Says score={score} />,
      },
      {
        id: "input",
        title: t.columns.input,
        width: "minmax(170px, 1fr)",
        cell: ({ span }) => <span className={c.dim}>{span?.input_preview || "–"}</span>,
      },
      {
        id: "answer",
        title: t.columns.answer,
        width: "minmax(150px, 1fr)",
        cell: ({ span }) => <span className={c.dim}>{span?.output_preview || "–"}</span>,
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
    const few: Record<string, string> = {
      says: "112px",
      input: "minmax(90px, 1fr)",
      correction: "minmax(80px, 1fr)",
    };
    return narrow
      ? all.flatMap((column) => (few[column.id] ? [{ ...column, width: few[column.id] as string }] : []))
      : all;
  }, [t, narrow]);
}

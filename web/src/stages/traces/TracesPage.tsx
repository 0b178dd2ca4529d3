import { Button, Switch, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Activity, MessagesSquare } from "lucide-react";
import { useCallback, useMemo } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Failure, Waiting } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { Status } from "@/components/Status";
import { KindIcon } from "@/components/span/Waterfall";
import { When } from "@/components/When";
import { Filters } from "./Filters";
import { countQuery, spansQuery } from "./queries";
import { SpanPeek } from "./SpanPeek";
import { filtersOf, liveUrl, type TracesSearch } from "./search";
import c from "./Traces.module.css";
import { useArrivals } from "./useArrivals";

type Span = S["SpanSummary"];

/** Every call: a list to search, filter and follow live, with the open span at its side. */
export default function TracesPage() {
  const t = useMessages().traces;
  const app = useMessages().app;
  const f = useFormats();
  const search = useSearch({ from: "/traces" });
  const navigate = useNavigate({ from: "/traces" });
  const filters = useMemo(() => filtersOf(search), [search]);
  const change = useCallback(
    (part: Partial<TracesSearch>) =>
      navigate({ search: (had) => ({ ...had, ...part }) as TracesSearch, replace: !("span" in part) }),
    [navigate],
  );
  const list = useInfiniteQuery(spansQuery(filters));
  const count = useQuery(countQuery(filters));
  const live = useArrivals(liveUrl(search));
  const rows = useMemo(() => {
    const pages = list.data?.pages.flat() ?? [];
    const known = new Set(pages.map((span) => span.id));
    return [...live.spans.filter((span) => !known.has(span.id)), ...pages];
  }, [list.data, live.spans]);
  const columns = useColumns();
  const filtered = Object.keys(filters).length > 0;
  const clear = () => navigate({ search: (had) => ({ span: had.span, live: had.live }) });
  const step = (by: 1 | -1) => {
    const open = rows.findIndex((span) => span.id === search.span);
    const next = rows[open < 0 ? 0 : open + by];
    if (next) change({ span: next.id });
    if (by > 0 && open > rows.length - 10 && list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  const total = count.data && !filters.has ? t.count(f.number(count.data.count), count.data.more ?? false) : null;
  const followable = !filters.has && filters.range !== "custom";
  const empty = list.isSuccess && rows.length === 0 && !filtered;
  return (
    <div className={c.page}>
      <PageHeader
        title={app.nav.traces}
        sub={<span className="num">{filters.has ? t.lead : (total ?? t.counting)}</span>}
        actions={
          <>
            {live.spans.length > 0 && (
              <span className={`${c.arrived} num`} role="status">
                {t.arrived(f.number(live.spans.length))}
              </span>
            )}
            {live.lost && <span className={c.lost}>{t.liveLost}</span>}
            <Tooltip label={search.live ? t.liveOn : t.liveOff}>
              <Switch
                size="sm"
                label={t.live}
                checked={Boolean(search.live && followable)}
                disabled={!followable}
                onChange={(event) => change({ live: event.currentTarget.checked || undefined })}
              />
            </Tooltip>
          </>
        }
      />
      {empty ? (
        <EmptyState
          icon={Activity}
          title={t.empty.title}
          action={
            <Button component={Link} to="/playground" size="sm" leftSection={<MessagesSquare size={15} aria-hidden />}>
              {t.empty.action}
            </Button>
          }
          cli={CLI}
          python={PYTHON}
        >
          {t.empty.text}
        </EmptyState>
      ) : (
        <>
          <Filters search={search} onChange={change} onClear={filtered ? clear : undefined} />
          {list.isError && !list.data ? (
            <Failure error={list.error} again={() => list.refetch()} />
          ) : list.isPending ? (
            <Waiting lines={12} />
          ) : (
            <div data-stale={list.isPlaceholderData || undefined} className={c.list}>
              <DataGrid
                label={t.list}
                columns={columns}
                rows={rows}
                rowKey={(span) => span.id}
                onOpen={(span) => change({ span: span.id })}
                selected={search.span}
                onEnd={list.fetchNextPage}
                more={list.hasNextPage}
                loading={list.isFetchingNextPage}
                height="100%"
                rowHeight={38}
                onClear={filtered ? clear : undefined}
              />
            </div>
          )}
        </>
      )}
      <SpanPeek
        id={search.span}
        onClose={() => change({ span: undefined })}
        onOpen={(id) => change({ span: id })}
        onStep={step}
        next={rows[rows.findIndex((span) => span.id === search.span) + 1]?.id}
      />
    </div>
  );
}

const CLI = `vong gateway try "Hello" --model echo/echo
vong traces list`;
const PYTHON = `from vong.client import Client
client = Client()
client.gateway.chat("echo/echo", "Hello")
client.traces.list()`;

function useColumns(): Column<Span>[] {
  const t = useMessages().traces;
  const f = useFormats();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return useMemo(() => {
    const all: Column<Span>[] = [
      { id: "time", title: t.columns.time, width: "112px", cell: (span) => <When at={span.started_at} /> },
      {
        id: "status",
        title: t.columns.status,
        width: "86px",
        cell: (span) => <Status state={span.status} label={t.status[span.status]} />,
      },
      {
        id: "name",
        title: t.columns.name,
        width: "minmax(130px, 190px)",
        cell: (span) => (
          <span className={c.name}>
            <KindIcon kind={span.kind} />
            <span>{span.name}</span>
          </span>
        ),
      },
      {
        id: "input",
        title: t.columns.input,
        width: "minmax(200px, 1fr)",
        cell: (span) => <span className={c.preview}>{span.input_preview || "–"}</span>,
      },
      {
        id: "model",
        title: t.columns.model,
        width: "minmax(120px, 190px)",
        cell: (span) => <span className="mono">{span.model ?? "–"}</span>,
      },
      {
        id: "latency",
        title: t.columns.latency,
        width: "88px",
        right: true,
        cell: (span) => f.duration(span.duration_ms),
      },
      { id: "tokens", title: t.columns.tokens, width: "86px", right: true, cell: (span) => f.number(tokens(span)) },
      { id: "cost", title: t.columns.cost, width: "92px", right: true, cell: (span) => f.money(span.usage?.cost) },
      {
        id: "scores",
        title: t.columns.scores,
        width: "64px",
        right: true,
        cell: (span) =>
          span.scores ? (
            <span title={t.scored(f.number(span.scores), f.number(span.corrections))}>
              {f.number(span.scores)}
              {span.corrections ? <sup className={c.corrected}>✎</sup> : null}
            </span>
          ) : (
            "–"
          ),
      },
    ];
    const few: Record<string, string> = { status: "66px", name: "124px", input: "minmax(84px, 1fr)", latency: "70px" };
    return narrow
      ? all.flatMap((column) => (few[column.id] ? [{ ...column, width: few[column.id] as string }] : []))
      : all;
  }, [t, f, narrow]);
}

/** Tokens in and out together; unknown where neither is known. */
function tokens(span: Span): number | null {
  const { input_tokens: asked, output_tokens: answered } = span.usage ?? {};
  if (asked == null && answered == null) return null;
  return (asked ?? 0) + (answered ?? 0);
}

import { Button, Switch, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Activity, MessagesSquare } from "lucide-react";
import { useCallback, useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { KindIcon } from "@/components/span/Waterfall";
import { Filters } from "./Filters";
import { countQuery, spansQuery } from "./queries";
import { SpanSidePanel } from "./SpanSidePanel";
import { listFilters, liveUrl, type TracesSearch } from "./search";
import c from "./Traces.module.css";
import { useLiveSpans } from "./useLiveSpans";

type Span = Schema["SpanSummary"];

/** Show all calls: a list with search, filters and live updates, and the open span at its side. */
export default function TracesPage() {
  const t = useMessages().traces;
  const app = useMessages().app;
  const f = useFormats();
  const search = useSearch({ from: "/traces" });
  const navigate = useNavigate({ from: "/traces" });
  const filters = useMemo(() => listFilters(search), [search]);
  const updateSearch = useCallback(
    (part: Partial<TracesSearch>) =>
      navigate({ search: (previous) => ({ ...previous, ...part }) as TracesSearch, replace: !("span" in part) }),
    [navigate],
  );
  const list = useInfiniteQuery(spansQuery(filters));
  const count = useQuery(countQuery(filters));
  const liveSpans = useLiveSpans(liveUrl(search));
  const rows = useMemo(() => {
    const pages = list.data?.pages.flat() ?? [];
    const knownIds = new Set(pages.map((span) => span.id));
    return [...liveSpans.spans.filter((span) => !knownIds.has(span.id)), ...pages];
  }, [list.data, liveSpans.spans]);
  const columns = useColumns();
  const hasFilters = Object.keys(filters).length > 0;
  const clear = () => navigate({ search: (previous) => ({ span: previous.span, live: previous.live }) });
  const step = (by: 1 | -1) => {
    const openIndex = rows.findIndex((span) => span.id === search.span);
    const nextSpan = rows[openIndex < 0 ? 0 : openIndex + by];
    if (nextSpan) updateSearch({ span: nextSpan.id });
    if (by > 0 && openIndex > rows.length - 10 && list.hasNextPage && !list.isFetchingNextPage)
      void list.fetchNextPage();
  };
  const total = count.data && !filters.has ? t.count(f.number(count.data.count), count.data.more ?? false) : null;
  const canFollow = !filters.has && filters.range !== "custom";
  const isEmpty = list.isSuccess && rows.length === 0 && !hasFilters;
  return (
    <div className={c.page}>
      <PageHeader
        title={app.nav.traces}
        subtitle={<span className="num">{filters.has ? t.lead : (total ?? t.counting)}</span>}
        actions={
          <>
            {liveSpans.spans.length > 0 && (
              <span className={`${c.arrived} num`} role="status">
                {t.arrived(f.number(liveSpans.spans.length))}
              </span>
            )}
            {liveSpans.isDisconnected && <span className={c.lost}>{t.liveLost}</span>}
            <Tooltip label={search.live ? t.liveOn : t.liveOff}>
              <Switch
                size="sm"
                label={t.live}
                checked={Boolean(search.live && canFollow)}
                disabled={!canFollow}
                onChange={(event) => updateSearch({ live: event.currentTarget.checked || undefined })}
              />
            </Tooltip>
          </>
        }
      />
      {isEmpty ? (
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
          <Filters search={search} onChange={updateSearch} onClear={hasFilters ? clear : undefined} />
          {list.isError && !list.data ? (
            <ErrorAlert error={list.error} onRetry={() => list.refetch()} />
          ) : list.isPending ? (
            <LoadingPlaceholder lines={12} />
          ) : (
            <div data-stale={list.isPlaceholderData || undefined} className={c.list}>
              <DataGrid
                label={t.list}
                columns={columns}
                rows={rows}
                rowKey={(span) => span.id}
                onOpen={(span) => updateSearch({ span: span.id })}
                selected={search.span}
                onEnd={list.fetchNextPage}
                hasMore={list.hasNextPage}
                loading={list.isFetchingNextPage}
                height="100%"
                rowHeight={38}
                onClear={hasFilters ? clear : undefined}
              />
            </div>
          )}
        </>
      )}
      <SpanSidePanel
        id={search.span}
        onClose={() => updateSearch({ span: undefined })}
        onOpen={(id) => updateSearch({ span: id })}
        onStep={step}
        nextId={rows[rows.findIndex((span) => span.id === search.span) + 1]?.id}
      />
    </div>
  );
}

const CLI = `vong gateway chat "Hello" --model echo/echo
vong traces list`;
const PYTHON = `from vong.client import Client
client = Client()
client.gateway.chat("echo/echo", "Hello")
client.traces.list()`;

function useColumns(): Column<Span>[] {
  const t = useMessages().traces;
  const f = useFormats();
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  return useMemo(() => {
    const columns: Column<Span>[] = [
      { id: "time", title: t.columns.time, width: "112px", cell: (span) => <RelativeTime at={span.started_at} /> },
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
        alignRight: true,
        cell: (span) => f.duration(span.duration_ms),
      },
      {
        id: "tokens",
        title: t.columns.tokens,
        width: "86px",
        alignRight: true,
        cell: (span) => f.number(totalTokens(span)),
      },
      { id: "cost", title: t.columns.cost, width: "92px", alignRight: true, cell: (span) => f.money(span.usage?.cost) },
      {
        id: "scores",
        title: t.columns.scores,
        width: "64px",
        alignRight: true,
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
    const narrowWidths: Record<string, string> = {
      status: "66px",
      name: "124px",
      input: "minmax(84px, 1fr)",
      latency: "70px",
    };
    return isNarrow
      ? columns.flatMap((column) =>
          narrowWidths[column.id] ? [{ ...column, width: narrowWidths[column.id] as string }] : [],
        )
      : columns;
  }, [t, f, isNarrow]);
}

/** Return input and output tokens together, or null if both are unknown. */
function totalTokens(span: Span): number | null {
  const { input_tokens: inputTokens, output_tokens: outputTokens } = span.usage ?? {};
  if (inputTokens == null && outputTokens == null) return null;
  return (inputTokens ?? 0) + (outputTokens ?? 0);
}

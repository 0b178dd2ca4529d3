import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { CheckCheck } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import type { Column } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { ListTable } from "@/components/ListTable";
import { PageHeader } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import { type ReviewItem, reviewsQuery } from "./queries";
import { ReviewPanel } from "./ReviewPanel";
import { neighbourId } from "./search";

const page = getRouteApi("/evals/reviews");
const CLI = "vong evals reviews list";
const PYTHON = `from vong.client import Client

Client().evals.reviews.list(status="open")`;

function useColumns(): Column<ReviewItem>[] {
  const { monitors } = useMessages();
  const t = monitors.review;
  const f = useFormats();
  return [
    {
      id: "reason",
      title: t.reason,
      width: "minmax(220px, 2fr)",
      cell: (item) => (
        <Text inherit fw={500} truncate>
          {item.reason}
        </Text>
      ),
    },
    {
      id: "score",
      title: t.score,
      width: "150px",
      cell: (item) => (
        <span className="num">
          {item.metric} {f.fixed(item.value, 2)}
        </span>
      ),
    },
    { id: "monitor", title: monitors.monitor, width: "minmax(110px, 1fr)", cell: (item) => item.monitor },
    { id: "model", title: monitors.model, width: "minmax(110px, 1fr)", cell: (item) => item.model },
    {
      id: "assignee",
      title: t.assignee,
      width: "130px",
      cell: (item) =>
        item.status === "done" && item.resolution ? t.resolution[item.resolution] : (item.assignee ?? t.nobody),
    },
    {
      id: "when",
      title: monitors.when,
      width: "110px",
      alignRight: true,
      cell: (item) => <RelativeTime at={item.created_at} />,
    },
  ];
}

/** Show the review list. The open item is worked through with the keyboard. */
export default function ReviewsPage() {
  const { monitors } = useMessages();
  const t = monitors.review;
  const search = page.useSearch();
  const navigate = page.useNavigate();
  const query = useQuery(reviewsQuery(search.status ?? "open", search.monitor));
  const columns = useColumns();
  const ids = query.data?.map((item) => item.id) ?? [];
  const open = (item: string | undefined) => void navigate({ search: { ...search, item }, replace: true });
  const item = query.data?.find((one) => one.id === search.item);
  return (
    <>
      <PageHeader
        title={t.title}
        subtitle={search.monitor ? `${t.lead} · ${search.monitor}` : t.lead}
        breadcrumbs={[{ label: monitors.title, to: "/evals/monitors" }]}
        actions={
          <SegmentedControl
            size="xs"
            value={search.status ?? "open"}
            onChange={(value) =>
              void navigate({ search: { ...search, item: undefined, status: value === "done" ? "done" : undefined } })
            }
            data={[
              { value: "open", label: t.open },
              { value: "done", label: t.done },
            ]}
          />
        }
      />
      <ListTable
        query={query}
        label={t.title}
        columns={columns}
        rowKey={(one) => one.id}
        onOpen={(one) => open(one.id)}
        empty={
          <EmptyState icon={CheckCheck} title={t.emptyTitle} cli={CLI} python={PYTHON}>
            {t.emptyText}
          </EmptyState>
        }
      />
      <ReviewPanel
        item={item}
        opened={Boolean(item)}
        onClose={() => open(undefined)}
        onStep={(by) => open(neighbourId(ids, search.item, by))}
        onDone={() => open(ids.length > 1 ? (ids[ids.indexOf(search.item ?? "") + 1] ?? ids[0]) : undefined)}
      />
    </>
  );
}

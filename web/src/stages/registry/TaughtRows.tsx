import { Button, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Database, GitFork, Search } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, textOf } from "@/components/Chat";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Facts, Panel } from "@/components/Page";
import { Peek, PeekSection } from "@/components/Peek";
import { ThingLink, useGo } from "@/components/ThingLink";
import { nameOf } from "@/components/things";
import { dataset, taughtRows } from "./queries";
import c from "./registry.module.css";

const route = getRouteApi("/registry/lineage");

const asked = (row: S["Row"]) => textOf(row.example.messages.findLast((message) => message.role === "user")?.content);
const answered = (row: S["Row"]) => textOf(row.example.completion?.content).replace(/\s+/g, " ");

/** A row in full: what was asked, what shall be answered, and where the row came from. */
function Opened({
  row,
  of,
  onClose,
  onStep,
}: {
  row: S["Row"];
  of: string;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
}) {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  const go = useGo();
  const { messages, completion, origin } = row.example;
  return (
    <Peek
      opened
      onClose={onClose}
      onStep={onStep}
      title={t.row(f.number(row.number))}
      actions={
        <>
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<Database size={14} aria-hidden />}
            onClick={() =>
              go({
                to: `/data/${encodeURIComponent(nameOf(of))}`,
                search: { version: of, tab: "rows", row: String(row.number) },
              })
            }
          >
            {t.inDataset}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<GitFork size={14} aria-hidden />}
            onClick={() => go({ to: "/registry/lineage", search: { of: `row:${row.hash}` } })}
          >
            {t.ofRow}
          </Button>
        </>
      }
    >
      <PeekSection title={t.lesson}>
        <Chat messages={completion ? [...messages, completion] : messages} />
      </PeekSection>
      <PeekSection title={t.origin}>
        <Facts
          items={[
            [t.from, origin ? `${t.kinds[origin.kind as keyof typeof t.kinds] ?? origin.kind}: ${origin.id}` : "–"],
            [
              t.hash,
              <span key="hash" className="mono">
                {row.hash.slice(0, 24)}…
              </span>,
            ],
          ]}
        />
      </PeekSection>
    </Peek>
  );
}

/** The rows that taught a model, all of them, to read and to search. */
export function TaughtRows({ of }: { of: string }) {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const info = useQuery(dataset(of));
  const split = info.data?.splits && "train" in info.data.splits ? "train" : undefined;
  const total = split ? info.data?.splits?.train : info.data?.rows;
  const query = useInfiniteQuery({
    ...taughtRows(of, split, search.text),
    enabled: Boolean(info.data),
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flat() ?? [];
  const change = (values: { row?: string; text?: string }) =>
    void navigate({ search: (now) => ({ ...now, ...values }), replace: true });
  const filter = useDebouncedCallback((text: string) => change({ text: text || undefined, row: undefined }), 300);
  const index = rows.findIndex((row) => row.hash === search.row);
  const open = rows[index];
  const columns: Column<S["Row"]>[] = [
    { id: "number", title: t.number, width: "64px", right: true, cell: (row) => f.number(row.number) },
    { id: "asked", title: t.question, width: "minmax(240px, 1.4fr)", cell: asked },
    {
      id: "answered",
      title: t.wanted,
      width: "minmax(240px, 1fr)",
      cell: (row) => <span className="mono">{answered(row)}</span>,
    },
    {
      id: "origin",
      title: t.from,
      width: "minmax(120px, 0.5fr)",
      cell: (row) => row.example.origin?.id ?? "–",
    },
  ];
  return (
    <Panel title={t.taught} flush>
      <div className={c.tools}>
        <Text size="sm" c="dimmed">
          {t.taughtLead(f.number(total))} <ThingLink kind="dataset" of={of} />
        </Text>
        <TextInput
          size="xs"
          w={280}
          aria-label={t.searchRows}
          placeholder={t.searchRows}
          leftSection={<Search size={14} aria-hidden />}
          defaultValue={search.text}
          onChange={(event) => filter(event.currentTarget.value)}
        />
      </div>
      <DataGrid
        label={t.taught}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.hash}
        selected={search.row}
        onOpen={(row) => change({ row: row.hash })}
        more={query.hasNextPage}
        loading={query.isFetchingNextPage || query.isPending}
        onEnd={() => query.fetchNextPage()}
        height="min(520px, 60dvh)"
        onClear={search.text ? () => change({ text: undefined }) : undefined}
      />
      {open && (
        <Opened
          row={open}
          of={of}
          onClose={() => change({ row: undefined })}
          onStep={(by) => rows[index + by] && change({ row: rows[index + by]?.hash })}
        />
      )}
    </Panel>
  );
}

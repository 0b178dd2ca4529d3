import { Button, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Database, GitFork, Search } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, messageText } from "@/components/Chat";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink, useNavigateTo } from "@/components/EntityLink";
import { refName } from "@/components/entities";
import { Facts, Panel } from "@/components/Page";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { datasetQuery, trainingRowsQuery } from "./queries";
import c from "./registry.module.css";

const route = getRouteApi("/registry/lineage");

const questionText = (row: Schema["DatasetRow"]) =>
  messageText(row.example.messages.findLast((message) => message.role === "user")?.content);
const answerText = (row: Schema["DatasetRow"]) => messageText(row.example.completion?.content).replace(/\s+/g, " ");

/** Show a complete row: conversation and origin. */
function OpenRow({
  row,
  datasetRef,
  onClose,
  onStep,
}: {
  row: Schema["DatasetRow"];
  datasetRef: string;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
}) {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const { messages, completion, origin } = row.example;
  return (
    <SidePanel
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
              navigateTo({
                to: `/data/${encodeURIComponent(refName(datasetRef))}`,
                search: { version: datasetRef, tab: "rows", row: String(row.number) },
              })
            }
          >
            {t.inDataset}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<GitFork size={14} aria-hidden />}
            onClick={() => navigateTo({ to: "/registry/lineage", search: { ref: `row:${row.hash}` } })}
          >
            {t.ofRow}
          </Button>
        </>
      }
    >
      <SidePanelSection title={t.lesson}>
        <Chat messages={completion ? [...messages, completion] : messages} />
      </SidePanelSection>
      <SidePanelSection title={t.origin}>
        <Facts
          items={[
            [t.source, origin ? `${t.kinds[origin.kind as keyof typeof t.kinds] ?? origin.kind}: ${origin.id}` : "–"],
            [
              t.hash,
              <span key="hash" className="mono">
                {row.hash.slice(0, 24)}…
              </span>,
            ],
          ]}
        />
      </SidePanelSection>
    </SidePanel>
  );
}

/** Show the training rows of a model, with search. */
export function TrainingRows({ datasetRef }: { datasetRef: string }) {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const datasetInfo = useQuery(datasetQuery(datasetRef));
  const split = datasetInfo.data?.splits && "train" in datasetInfo.data.splits ? "train" : undefined;
  const total = split ? datasetInfo.data?.splits?.train : datasetInfo.data?.rows;
  const query = useInfiniteQuery({
    ...trainingRowsQuery(datasetRef, split, search.text),
    enabled: Boolean(datasetInfo.data),
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flat() ?? [];
  const updateSearch = (values: { row?: string; text?: string }) =>
    void navigate({ search: (previous) => ({ ...previous, ...values }), replace: true });
  const setTextFilter = useDebouncedCallback(
    (text: string) => updateSearch({ text: text || undefined, row: undefined }),
    300,
  );
  const index = rows.findIndex((row) => row.hash === search.row);
  const openRow = rows[index];
  const columns: Column<Schema["DatasetRow"]>[] = [
    { id: "number", title: t.number, width: "64px", alignRight: true, cell: (row) => f.number(row.number) },
    { id: "asked", title: t.question, width: "minmax(240px, 1.4fr)", cell: questionText },
    {
      id: "answered",
      title: t.completion,
      width: "minmax(240px, 1fr)",
      cell: (row) => <span className="mono">{answerText(row)}</span>,
    },
    {
      id: "origin",
      title: t.source,
      width: "minmax(120px, 0.5fr)",
      cell: (row) => row.example.origin?.id ?? "–",
    },
  ];
  return (
    <Panel title={t.trainingRows} flush>
      <div className={c.tools}>
        <Text size="sm" c="dimmed">
          {t.trainingRowsLead(f.number(total))} <EntityLink kind="dataset" entityRef={datasetRef} />
        </Text>
        <TextInput
          size="xs"
          w={280}
          aria-label={t.searchRows}
          placeholder={t.searchRows}
          leftSection={<Search size={14} aria-hidden />}
          defaultValue={search.text}
          onChange={(event) => setTextFilter(event.currentTarget.value)}
        />
      </div>
      <DataGrid
        label={t.trainingRows}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.hash}
        selected={search.row}
        onOpen={(row) => updateSearch({ row: row.hash })}
        hasMore={query.hasNextPage}
        loading={query.isFetchingNextPage || query.isPending}
        onEnd={() => query.fetchNextPage()}
        height="min(520px, 60dvh)"
        onClear={search.text ? () => updateSearch({ text: undefined }) : undefined}
      />
      {openRow && (
        <OpenRow
          row={openRow}
          datasetRef={datasetRef}
          onClose={() => updateSearch({ row: undefined })}
          onStep={(by) => rows[index + by] && updateSearch({ row: rows[index + by]?.hash })}
        />
      )}
    </Panel>
  );
}

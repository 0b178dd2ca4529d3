import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, messageText } from "@/components/Chat";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink } from "@/components/EntityLink";
import { Facts, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { Diff } from "@/components/span/Diff";
import c from "./Feedback.module.css";

type Row = { index: number; example: Schema["Example"] };

/** Show the preview of a harvest: counts, first examples, disagreements and reasons for skipped spans. */
export function HarvestPreview({ preview }: { preview: UseQueryResult<Schema["Harvest"]> }) {
  const t = useMessages().feedback.form;
  const f = useFormats();
  return (
    <QueryBoundary query={preview}>
      {(harvest) => {
        const skipped = Object.entries(harvest.skipped);
        const total = harvest.corrections + harvest.good;
        return (
          <>
            <Stats
              items={[
                { label: t.examples, value: f.number(total) },
                { label: t.corrections, value: f.number(harvest.corrections) },
                { label: t.good, value: f.number(harvest.good) },
                { label: t.disagreements, value: f.number(harvest.disagreements.length) },
                { label: t.skipped, value: f.number(skipped.reduce((sum, [, count]) => sum + count, 0)) },
              ]}
            />
            <Panel title={t.preview} flush>
              {total === 0 ? (
                <Text size="sm" c="dimmed" px="md" pb="md">
                  {t.empty}
                </Text>
              ) : (
                <Examples examples={harvest.examples} total={total} />
              )}
            </Panel>
            {skipped.length > 0 && (
              <Panel title={t.skippedReasons}>
                <Facts items={skipped.map(([reason, count]) => [t.reasons[reason] ?? reason, f.number(count)])} />
              </Panel>
            )}
            {harvest.disagreements.length > 0 && <Disagreements disagreements={harvest.disagreements} />}
          </>
        );
      }}
    </QueryBoundary>
  );
}

const questionText = ({ messages }: Schema["Example"]) =>
  messageText(messages.findLast((message) => message.role === "user")?.content).slice(0, 240);

function Examples({ examples, total }: { examples: Schema["Example"][]; total: number }) {
  const t = useMessages().feedback.form;
  const f = useFormats();
  const [open, setOpen] = useState<number | null>(null);
  const rows = useMemo<Row[]>(() => examples.map((example, index) => ({ index, example })), [examples]);
  const columns = useMemo<Column<Row>[]>(
    () => [
      { id: "question", title: t.question, width: "minmax(180px, 1fr)", cell: ({ example }) => questionText(example) },
      {
        id: "completion",
        title: t.completion,
        width: "minmax(180px, 1fr)",
        cell: ({ example }) => <span className="mono">{String(example.completion?.content ?? "").slice(0, 200)}</span>,
      },
      {
        id: "from",
        title: t.source,
        width: "120px",
        cell: ({ example }) => (example.metadata?.feedback === "correction" ? t.correction : t.goodAnswer),
      },
    ],
    [t],
  );
  const openExample = open === null ? undefined : examples[open];
  const { completion, rejected, origin } = openExample ?? {};
  return (
    <>
      {examples.length < total && (
        <Text size="xs" c="dimmed" px="md" pb={6} className="num">
          {t.shown(f.number(examples.length), f.number(total))}
        </Text>
      )}
      <DataGrid
        label={t.examples}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.index)}
        onOpen={(row) => setOpen(row.index)}
        selected={open === null ? undefined : String(open)}
        height={Math.min(420, 36 + rows.length * 38)}
        rowHeight={38}
      />
      <SidePanel
        opened={openExample !== undefined}
        onClose={() => setOpen(null)}
        onStep={(by) => setOpen(Math.max(0, Math.min(examples.length - 1, (open ?? 0) + by)))}
        title={t.example}
      >
        {openExample && (
          <>
            <Chat messages={completion ? [...openExample.messages, completion] : openExample.messages} />
            {rejected && (
              <SidePanelSection title={t.correction}>
                <Diff before={messageText(rejected.content)} after={messageText(completion?.content)} />
              </SidePanelSection>
            )}
            {origin && (
              <SidePanelSection title={t.source}>
                <EntityLink kind={origin.kind} entityRef={origin.id} />
              </SidePanelSection>
            )}
          </>
        )}
      </SidePanel>
    </>
  );
}

function Disagreements({ disagreements }: { disagreements: Schema["Disagreement"][] }) {
  const t = useMessages().feedback.form;
  return (
    <Panel title={t.disagreements}>
      <Text size="sm" c="dimmed">
        {t.disagreementsText}
      </Text>
      {disagreements.slice(0, 20).map(({ span_id: span, corrections }) => {
        const [[firstAuthor, firstText], [secondAuthor, secondText]] = Object.entries(corrections) as [
          [string, string],
          [string, string],
        ];
        return (
          <div key={span} className={c.disagreement}>
            <Text size="sm" mb={6} component="div">
              <EntityLink kind="span" entityRef={span} /> · {firstAuthor} → {secondAuthor}
            </Text>
            <Diff before={firstText} after={secondText} />
          </div>
        );
      })}
    </Panel>
  );
}

import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Chat, textOf } from "@/components/Chat";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Facts, Panel, Stats } from "@/components/Page";
import { Peek, PeekSection } from "@/components/Peek";
import { Diff } from "@/components/span/Diff";
import { ThingLink } from "@/components/ThingLink";
import c from "./Feedback.module.css";

type Row = { place: number; example: S["Example"] };

/** What a harvest would give: counts, the first examples, where people disagree, and why the rest gives nothing. */
export function Preview({ preview }: { preview: UseQueryResult<S["Harvest"]> }) {
  const t = useMessages().feedback.form;
  const f = useFormats();
  return (
    <Await query={preview}>
      {(found) => {
        const passed = Object.entries(found.passed_over);
        const all = found.corrections + found.good;
        return (
          <>
            <Stats
              items={[
                { label: t.examples, value: f.number(all) },
                { label: t.corrections, value: f.number(found.corrections) },
                { label: t.good, value: f.number(found.good) },
                { label: t.disagreements, value: f.number(found.disagreements.length) },
                { label: t.passed, value: f.number(passed.reduce((sum, [, count]) => sum + count, 0)) },
              ]}
            />
            <Panel title={t.preview} flush>
              {all === 0 ? (
                <Text size="sm" c="dimmed" px="md" pb="md">
                  {t.nothing}
                </Text>
              ) : (
                <Examples examples={found.examples} all={all} />
              )}
            </Panel>
            {passed.length > 0 && (
              <Panel title={t.passedNote}>
                <Facts items={passed.map(([reason, count]) => [t.reasons[reason] ?? reason, f.number(count)])} />
              </Panel>
            )}
            {found.disagreements.length > 0 && <Disagreements found={found.disagreements} />}
          </>
        );
      }}
    </Await>
  );
}

const question = ({ messages }: S["Example"]) =>
  textOf(messages.findLast((message) => message.role === "user")?.content).slice(0, 240);

function Examples({ examples, all }: { examples: S["Example"][]; all: number }) {
  const t = useMessages().feedback.form;
  const f = useFormats();
  const [open, setOpen] = useState<number | null>(null);
  const rows = useMemo<Row[]>(() => examples.map((example, place) => ({ place, example })), [examples]);
  const columns = useMemo<Column<Row>[]>(
    () => [
      { id: "question", title: t.question, width: "minmax(180px, 1fr)", cell: ({ example }) => question(example) },
      {
        id: "wanted",
        title: t.wanted,
        width: "minmax(180px, 1fr)",
        cell: ({ example }) => <span className="mono">{String(example.completion?.content ?? "").slice(0, 200)}</span>,
      },
      {
        id: "from",
        title: t.from,
        width: "120px",
        cell: ({ example }) => (example.metadata?.feedback === "correction" ? t.correction : t.goodAnswer),
      },
    ],
    [t],
  );
  const shown = open === null ? undefined : examples[open];
  const { completion, rejected, origin } = shown ?? {};
  return (
    <>
      {examples.length < all && (
        <Text size="xs" c="dimmed" px="md" pb={6} className="num">
          {t.first(f.number(examples.length), f.number(all))}
        </Text>
      )}
      <DataGrid
        label={t.examples}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.place)}
        onOpen={(row) => setOpen(row.place)}
        selected={open === null ? undefined : String(open)}
        height={Math.min(420, 36 + rows.length * 38)}
        rowHeight={38}
      />
      <Peek
        opened={shown !== undefined}
        onClose={() => setOpen(null)}
        onStep={(by) => setOpen(Math.max(0, Math.min(examples.length - 1, (open ?? 0) + by)))}
        title={t.example}
      >
        {shown && (
          <>
            <Chat messages={completion ? [...shown.messages, completion] : shown.messages} />
            {rejected && (
              <PeekSection title={t.correction}>
                <Diff before={textOf(rejected.content)} after={textOf(completion?.content)} />
              </PeekSection>
            )}
            {origin && (
              <PeekSection title={t.from}>
                <ThingLink kind={origin.kind} of={origin.id} />
              </PeekSection>
            )}
          </>
        )}
      </Peek>
    </>
  );
}

function Disagreements({ found }: { found: S["Disagreement"][] }) {
  const t = useMessages().feedback.form;
  return (
    <Panel title={t.disagreements}>
      <Text size="sm" c="dimmed">
        {t.disagreementsText}
      </Text>
      {found.slice(0, 20).map(({ span_id: span, corrections }) => {
        const [[first, one], [second, two]] = Object.entries(corrections) as [[string, string], [string, string]];
        return (
          <div key={span} className={c.disagreement}>
            <Text size="sm" mb={6} component="div">
              <ThingLink kind="span" of={span} /> · {first} → {second}
            </Text>
            <Diff before={one} after={two} />
          </div>
        );
      })}
    </Panel>
  );
}

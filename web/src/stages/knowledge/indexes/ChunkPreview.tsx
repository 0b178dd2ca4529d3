import { Alert, Group, Loader, Select, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import { Panel } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import c from "../knowledge.module.css";
import { documentsQuery } from "../queries";
import { type Chunker, estimateTotal } from "./chunker";
import { previewQuery } from "./queries";

const DEBOUNCE_MS = 400;
const MAX_SHOWN = 100;
type Preview = Schema["DocumentPreview"];

/** Return chunk count, tokens, the largest chunk and the cost of embedding, as one line. */
function PreviewSummary({ preview, characters, all }: { preview: Preview; characters: number; all: number }) {
  const t = useMessages().knowledgeIndexes.form;
  const f = useFormats();
  const money = (dollars: number) => f.money(dollars * 1e6);
  const searched = preview.chunks.filter((chunk) => chunk.kind !== "parent");
  const largest = Math.max(0, ...searched.map((chunk) => chunk.tokens));
  const total = estimateTotal(preview.cost, characters, all);
  const parts = [
    t.summary(f.number(searched.length), f.number(preview.tokens)),
    t.largest(f.number(largest)),
    preview.cost === null || preview.cost === undefined
      ? t.unknownCost
      : preview.cost === 0
        ? t.free
        : t.cost(money(preview.cost)),
    ...(total ? [t.total(money(total))] : []),
  ];
  return (
    <Text size="sm" className="num" role="status">
      {parts.join(" · ")}
    </Text>
  );
}

function PreviewChunks({ preview, size }: { preview: Preview; size: number }) {
  const { knowledgeIndexes: t, knowledge } = useMessages();
  const f = useFormats();
  const shown = preview.chunks.slice(0, MAX_SHOWN);
  return (
    <ol className={c.chunks} tabIndex={0} aria-label={t.form.preview}>
      {shown.map((chunk, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: chunks keep their order
          key={index}
          className={c.preview}
          data-parent={chunk.kind === "parent" || undefined}
        >
          <span className={c.chunkHead}>
            <span>
              {f.number(index + 1)} · {chunk.heading.split(" > ").at(-1) || preview.title}
              {chunk.kind === "parent" && ` · ${t.form.parent}`}
            </span>
            <span className={`${c.size} num`}>
              {chunk.page ? `${knowledge.doc.page(f.number(chunk.page))} · ` : ""}
              <Meter value={chunk.tokens / size} label={knowledge.doc.tokens(f.number(chunk.tokens))} />
              {knowledge.doc.tokens(f.number(chunk.tokens))}
            </span>
          </span>
          <span className={c.text}>{chunk.text}</span>
        </li>
      ))}
      {preview.chunks.length > MAX_SHOWN && (
        <li className={c.preview}>{t.form.more(f.number(preview.chunks.length - MAX_SHOWN))}</li>
      )}
    </ol>
  );
}

type Props = { base: string; chunker: Chunker | null; embedder: string };

/** Show the chunks that a chosen document would have, with token counts and the cost of embedding. */
export function ChunkPreview({ base, chunker, embedder }: Props) {
  const t = useMessages().knowledgeIndexes.form;
  const [chosen, setChosen] = useState<string | null>(null);
  const documents = useInfiniteQuery(documentsQuery(base, "ready"));
  const rows = documents.data?.pages.flat() ?? [];
  const selected = chosen ?? rows[0]?.id ?? null;
  const [settings] = useDebouncedValue(chunker, DEBOUNCE_MS);
  const [model] = useDebouncedValue(embedder, DEBOUNCE_MS);
  const query = useQuery({
    ...previewQuery(selected, settings as Chunker, model),
    enabled: selected !== null && settings !== null,
  });
  const characters = rows.find((row) => row.id === selected)?.characters ?? 0;
  const all = rows.reduce((sum, row) => sum + row.characters, 0);
  return (
    <Panel
      title={t.preview}
      flush
      actions={query.isFetching && <Loader size={16} role="status" aria-label={t.preview} />}
    >
      <Stack gap="sm" px="md" pb="sm">
        <Text size="sm" c="dimmed">
          {t.previewText}
        </Text>
        {documents.data && rows.length === 0 ? (
          <Alert variant="default">{t.noDocuments}</Alert>
        ) : (
          <Select
            label={t.document}
            placeholder={t.documentHint}
            searchable
            allowDeselect={false}
            limit={100}
            data={rows.map((row) => ({ value: row.id, label: row.path }))}
            value={selected}
            onChange={setChosen}
          />
        )}
        {query.error && <ErrorAlert error={query.error} flush />}
        {query.data && !query.error && (
          <Group>
            <PreviewSummary preview={query.data} characters={characters} all={all} />
          </Group>
        )}
      </Stack>
      {query.data && !query.error && (
        <PreviewChunks preview={query.data} size={Number(query.data.chunker.tokens ?? 1) || 1} />
      )}
    </Panel>
  );
}

import { Alert, Button, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { RotateCcw, X } from "lucide-react";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { Status } from "@/components/Status";
import c from "../knowledge.module.css";
import { chunksQuery, deleteDocument, documentQuery, documentTextQuery, retryDocuments } from "../queries";
import { DocumentText } from "./DocumentText";
import type { Range } from "./text";

const page = getRouteApi("/knowledge/$base/documents/$id");
type Document = Schema["Document"];

/** Show why the newest upload failed, and a button that loads it again. */
function FailureAlert({ document }: { document: Document }) {
  const t = useMessages().knowledge;
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryDocuments(document.base, document.path),
    onSuccess: () => notifySuccess(t.retried(document.path)),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
  if (!document.reason) return null;
  return (
    <Alert color={document.state === "failed" ? "red" : "yellow"} title={t.doc.failed}>
      <Stack gap={6} align="flex-start">
        <Text size="sm">{document.reason}</Text>
        {document.hint && <Text size="sm">{document.hint}</Text>}
        {document.state === "ready" && <Text size="sm">{t.doc.stillIndexed}</Text>}
        <Button
          size="xs"
          variant="default"
          leftSection={<RotateCcw size={13} aria-hidden />}
          loading={retry.isPending}
          onClick={() => retry.mutate()}
        >
          {t.retry}
        </Button>
      </Stack>
    </Alert>
  );
}

function Chunks({ document, range }: { document: Document; range: Range | undefined }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const navigate = useNavigate({ from: "/knowledge/$base/documents/$id" });
  const query = useQuery(chunksQuery(document.id, document.updated_at ?? ""));
  return (
    <Panel title={t.doc.chunks} flush>
      <QueryBoundary query={query}>
        {(chunks) =>
          chunks.length ? (
            <ol className={c.chunks}>
              {chunks.map((chunk) => (
                <li key={chunk.id}>
                  <button
                    type="button"
                    className={c.chunk}
                    aria-pressed={range?.start === chunk.start && range?.end === chunk.end}
                    onClick={() => navigate({ search: { start: chunk.start, end: chunk.end }, replace: true })}
                  >
                    <span className={c.chunkHead}>
                      <span>
                        {f.number(chunk.position + 1)} · {chunk.heading?.split(" > ").at(-1) || document.title}
                      </span>
                      <span className="num">
                        {chunk.page ? `${t.doc.page(f.number(chunk.page))} · ` : ""}
                        {t.doc.tokens(f.number(chunk.tokens))}
                      </span>
                    </span>
                    <span className={c.chunkText}>{chunk.text}</span>
                  </button>
                </li>
              ))}
            </ol>
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.doc.noChunks}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

function DocumentFacts({ document }: { document: Document }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const facts: [string, React.ReactNode][] = [
    [t.doc.path, document.path],
    [t.doc.type, document.media_type || UNKNOWN],
    [t.doc.language, document.language || UNKNOWN],
    [t.pages, document.pages ? f.number(document.pages) : UNKNOWN],
    [t.doc.characters, f.number(document.characters)],
    [t.passages, f.number(document.chunks)],
    [t.added, <RelativeTime key="added" at={document.created_at} />],
    [t.doc.updated, <RelativeTime key="updated" at={document.updated_at} />],
  ];
  return (
    <Panel>
      <Facts items={facts} />
      {document.notes.length > 0 && (
        <>
          <Text size="sm" fw={600} mt="sm">
            {t.doc.notes}
          </Text>
          {document.notes.map((note) => (
            <Text key={note} size="sm" c="dimmed">
              {note}
            </Text>
          ))}
        </>
      )}
    </Panel>
  );
}

function Content({ document, range }: { document: Document; range: Range | undefined }) {
  const t = useMessages().knowledge;
  const query = useQuery({
    ...documentTextQuery(document.id, document.updated_at ?? ""),
    enabled: document.text_blob !== null,
  });
  return (
    <Panel
      title={t.doc.text}
      actions={
        range && (
          <Button
            component={Link}
            to="/knowledge/$base/documents/$id"
            params={{ base: document.base, id: document.id } as never}
            search={{} as never}
            size="compact-xs"
            variant="subtle"
            leftSection={<X size={12} aria-hidden />}
          >
            {t.doc.clear}
          </Button>
        )
      }
    >
      {document.text_blob === null ? (
        <Text size="sm" c="dimmed">
          {t.doc.noText}
        </Text>
      ) : (
        <QueryBoundary query={query} lines={12}>
          {(text) => <DocumentText document={text} range={range} />}
        </QueryBoundary>
      )}
    </Panel>
  );
}

/** Show a document: its text with the highlighted passage, its chunks, and why it failed. */
export default function DocumentPage() {
  const { app, knowledge: t } = useMessages();
  const { base, id } = page.useParams();
  const { start, end } = page.useSearch();
  const navigate = useNavigate();
  const range = useMemo(() => (start === undefined || end === undefined ? undefined : { start, end }), [start, end]);
  const query = useQuery(documentQuery(id));
  const document = query.data;
  return (
    <>
      <PageHeader
        title={document?.title || document?.path || t.document}
        badge={document && <Status state={document.state} label={t.states[document.state]} />}
        subtitle={document && document.title !== document.path ? document.path : undefined}
        breadcrumbs={[
          { label: app.nav.knowledge, to: "/knowledge" },
          { label: base, to: `/knowledge/${encodeURIComponent(base)}` },
        ]}
        actions={
          document && (
            <RowAction
              title={t.removeTitle(document.path)}
              text={t.removeText}
              label={t.remove}
              successMessage={t.removed(document.path)}
              invalidates={["knowledge", "bases"]}
              action={async () => {
                await deleteDocument(base, document.path);
                void navigate({ to: "/knowledge/$base", params: { base } });
              }}
            />
          )
        }
      />
      <PageBody>
        <QueryBoundary query={query}>
          {(loaded) => (
            <>
              <FailureAlert document={loaded} />
              <Columns
                main={<Content document={loaded} range={range} />}
                side={
                  <>
                    <DocumentFacts document={loaded} />
                    <Chunks document={loaded} range={range} />
                  </>
                }
              />
            </>
          )}
        </QueryBoundary>
      </PageBody>
    </>
  );
}

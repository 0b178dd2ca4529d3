import { Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { JobPanel } from "@/components/Job";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { SidePanel } from "@/components/SidePanel";
import { Status } from "@/components/Status";
import c from "./knowledge.module.css";
import { addFiles, chunksQuery, documentsQuery } from "./queries";
import { Upload } from "./Upload";

const page = getRouteApi("/knowledge/$base");
type Document = Schema["Document"];

function RemoveDocument({ document: { base, path } }: { document: Document }) {
  const t = useMessages().knowledge;
  return (
    <RowAction
      title={t.removeTitle(path)}
      text={t.removeText}
      label={t.remove}
      successMessage={t.removed(path)}
      invalidates={["knowledge"]}
      action={() =>
        unwrap(api.DELETE("/api/v1/knowledge/bases/{base}/documents/{path}", { params: { path: { base, path } } }))
      }
    />
  );
}

/** Return the columns. The reason column is only included if a document has a reason. */
function useColumns(hasReasons: boolean): Column<Document>[] {
  const t = useMessages().knowledge;
  const f = useFormats();
  const states = t.states as Record<string, string>;
  return [
    {
      id: "path",
      title: t.document,
      width: "minmax(200px, 1.4fr)",
      cell: (row) => (
        <>
          <Text inherit span fw={500}>
            {row.title || row.path}
          </Text>{" "}
          <Text inherit span c="dimmed">
            {row.title && row.title !== row.path ? row.path : ""}
          </Text>
        </>
      ),
    },
    {
      id: "state",
      title: t.state,
      width: "140px",
      cell: (row) => <Status state={row.state} label={states[row.state]} />,
    },
    ...(hasReasons
      ? [{ id: "reason", title: t.reason, width: "minmax(160px, 1fr)", cell: (row: Document) => row.reason ?? "" }]
      : []),
    { id: "chunks", title: t.passages, width: "90px", alignRight: true, cell: (row) => f.number(row.chunks) },
    {
      id: "added",
      title: t.added,
      width: "110px",
      alignRight: true,
      cell: (row) => <RelativeTime at={row.created_at} />,
    },
    {
      id: "remove",
      title: t.action,
      width: "100px",
      alignRight: true,
      cell: (row) => <RemoveDocument document={row} />,
    },
  ];
}

function Chunks({ id }: { id: string }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  return (
    <QueryBoundary query={useQuery(chunksQuery(id))}>
      {(chunks) => (
        <Stack gap="sm">
          {chunks.map((chunk) => (
            <article key={chunk.id} className={c.passage}>
              <div className={c.passageHead}>
                <span>{t.position(f.number(chunk.position + 1))}</span>
                <span>{chunk.heading}</span>
              </div>
              <div className={c.text}>{chunk.text}</div>
            </article>
          ))}
        </Stack>
      )}
    </QueryBoundary>
  );
}

/** Show the documents of a knowledge base with their states, and an upload area. */
export function DocumentsTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const { document, job } = page.useSearch();
  const query = useQuery(documentsQuery(base));
  const columns = useColumns(Boolean(query.data?.some((row) => row.reason)));
  const addDocuments = useMutation({
    mutationFn: (files: File[]) => addFiles(base, files),
    onSuccess: (newJob) => navigate({ search: (previous) => ({ ...previous, job: newJob.id }), replace: true }),
    onError: notifyError,
  });
  const openDocument = (id: string | undefined) =>
    navigate({ search: (previous) => ({ ...previous, document: id }), replace: true });
  return (
    <Stack gap="md">
      <Upload onFiles={(files) => addDocuments.mutate(files)} busy={addDocuments.isPending} />
      {job && (
        <JobPanel
          key={job}
          id={job}
          title={t.uploading}
          onEnd={() => client.invalidateQueries({ queryKey: ["knowledge"] })}
        />
      )}
      <Panel title={t.documents} flush>
        <QueryBoundary query={query}>
          {(documents) => {
            const openIndex = documents.findIndex((row) => row.id === document);
            const opened = documents[openIndex];
            if (!documents.length)
              return (
                <Text size="sm" c="dimmed" px="md" pb="md">
                  {t.emptyBase}
                </Text>
              );
            return (
              <>
                <DataGrid
                  label={t.documents}
                  columns={columns}
                  rows={documents}
                  rowKey={(row) => row.id}
                  onOpen={(row) => openDocument(row.id)}
                  selected={document}
                />
                <SidePanel
                  opened={Boolean(opened)}
                  onClose={() => openDocument(undefined)}
                  title={opened?.title || opened?.path || ""}
                  onStep={(by) => {
                    const nextDocument = documents[openIndex + by];
                    if (nextDocument) openDocument(nextDocument.id);
                  }}
                >
                  {opened && <Chunks id={opened.id} />}
                </SidePanel>
              </>
            );
          }}
        </QueryBoundary>
      </Panel>
    </Stack>
  );
}

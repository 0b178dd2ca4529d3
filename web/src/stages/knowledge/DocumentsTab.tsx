import { Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { JobPanel } from "@/components/Job";
import { failed } from "@/components/notify";
import { Panel } from "@/components/Page";
import { Peek } from "@/components/Peek";
import { RowDeed } from "@/components/RowDeed";
import { Status } from "@/components/Status";
import { When } from "@/components/When";
import c from "./knowledge.module.css";
import { addFiles, chunksQuery, documentsQuery } from "./queries";
import { Upload } from "./Upload";

const page = getRouteApi("/knowledge/$base");
type Document = S["Document"];

function RemoveDocument({ document: { base, path } }: { document: Document }) {
  const t = useMessages().knowledge;
  return (
    <RowDeed
      title={t.removeTitle(path)}
      text={t.removeText}
      label={t.remove}
      said={t.removed(path)}
      stale={["knowledge"]}
      deed={() =>
        ok(api.DELETE("/api/v1/knowledge/bases/{base}/documents/{path}", { params: { path: { base, path } } }))
      }
    />
  );
}

/** The column of reasons is there where a document has one. */
function useColumns(reasons: boolean): Column<Document>[] {
  const t = useMessages().knowledge;
  const f = useFormats();
  const states = t.states as Record<string, string>;
  return [
    {
      id: "path",
      title: t.document,
      width: "minmax(200px, 1.4fr)",
      cell: (one) => (
        <>
          <Text inherit span fw={500}>
            {one.title || one.path}
          </Text>{" "}
          <Text inherit span c="dimmed">
            {one.title && one.title !== one.path ? one.path : ""}
          </Text>
        </>
      ),
    },
    {
      id: "state",
      title: t.state,
      width: "140px",
      cell: (one) => <Status state={one.state} label={states[one.state]} />,
    },
    ...(reasons
      ? [{ id: "reason", title: t.reason, width: "minmax(160px, 1fr)", cell: (one: Document) => one.reason ?? "" }]
      : []),
    { id: "chunks", title: t.passages, width: "90px", right: true, cell: (one) => f.number(one.chunks) },
    { id: "added", title: t.added, width: "110px", right: true, cell: (one) => <When at={one.created_at} /> },
    { id: "remove", title: t.action, width: "100px", right: true, cell: (one) => <RemoveDocument document={one} /> },
  ];
}

function Chunks({ id }: { id: string }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  return (
    <Await query={useQuery(chunksQuery(id))}>
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
    </Await>
  );
}

/** The documents of a base with their states; more are dropped here. */
export function DocumentsTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const { document, job } = page.useSearch();
  const query = useQuery(documentsQuery(base));
  const columns = useColumns(Boolean(query.data?.some((one) => one.reason)));
  const add = useMutation({
    mutationFn: (files: File[]) => addFiles(base, files),
    onSuccess: (made) => navigate({ search: (had) => ({ ...had, job: made.id }), replace: true }),
    onError: failed,
  });
  const show = (id: string | undefined) => navigate({ search: (had) => ({ ...had, document: id }), replace: true });
  return (
    <Stack gap="md">
      <Upload onFiles={(files) => add.mutate(files)} busy={add.isPending} />
      {job && (
        <JobPanel
          key={job}
          id={job}
          title={t.uploading}
          onEnd={() => client.invalidateQueries({ queryKey: ["knowledge"] })}
        />
      )}
      <Panel title={t.documents} flush>
        <Await query={query}>
          {(found) => {
            const at = found.findIndex((one) => one.id === document);
            const shown = found[at];
            if (!found.length)
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
                  rows={found}
                  rowKey={(one) => one.id}
                  onOpen={(one) => show(one.id)}
                  selected={document}
                />
                <Peek
                  opened={Boolean(shown)}
                  onClose={() => show(undefined)}
                  title={shown?.title || shown?.path || ""}
                  onStep={(by) => {
                    const next = found[at + by];
                    if (next) show(next.id);
                  }}
                >
                  {shown && <Chunks id={shown.id} />}
                </Peek>
              </>
            );
          }}
        </Await>
      </Panel>
    </Stack>
  );
}

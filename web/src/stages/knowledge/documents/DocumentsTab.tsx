import { Button, Group, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Play, RotateCcw } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { RunningJob } from "@/components/RunningJob";
import { Status } from "@/components/Status";
import c from "../knowledge.module.css";
import { baseQuery, deleteDocument, documentsQuery, ingest, retryDocuments } from "../queries";
import { StateFilter } from "../StateFilter";
import { DOCUMENT_STATES } from "../search";
import { FileDrop, UploadProgress, useUpload } from "./Upload";

const page = getRouteApi("/knowledge/$base");
type Document = Schema["Document"];

/** Return a function that loads documents and shows the job: failed ones again, or those that are not ready. */
function useLoadDocuments(base: string, onJob: (job: Schema["Job"]) => void) {
  return useMutation({
    mutationFn: (request: { retry: string | null } | "pending") =>
      request === "pending" ? ingest(base, null) : retryDocuments(base, request.retry),
    onSuccess: onJob,
    onError: notifyError,
  });
}

/** Return the columns. The reason column is only included if a document has a reason. */
function useColumns(hasReasons: boolean, onRetry: (document: Document) => void): Column<Document>[] {
  const t = useMessages().knowledge;
  const f = useFormats();
  const reason: Column<Document> = {
    id: "reason",
    title: t.reason,
    width: "minmax(160px, 1.2fr)",
    cell: (row) => (
      <span title={[row.reason, row.hint].filter(Boolean).join(" · ")}>
        {row.reason ?? ""} {row.hint && <span className={c.hint}>{row.hint}</span>}
      </span>
    ),
  };
  return [
    {
      id: "path",
      title: t.document,
      width: "minmax(200px, 1.3fr)",
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
      width: "150px",
      cell: (row) => (
        <Status
          state={row.state}
          label={
            row.state === "loading" && row.pages
              ? t.pagesDone(f.number(row.pages_done), f.number(row.pages))
              : t.states[row.state]
          }
        />
      ),
    },
    ...(hasReasons ? [reason] : []),
    {
      id: "pages",
      title: t.pages,
      width: "70px",
      alignRight: true,
      cell: (row) => (row.pages ? f.number(row.pages) : UNKNOWN),
    },
    { id: "chunks", title: t.passages, width: "80px", alignRight: true, cell: (row) => f.number(row.chunks) },
    {
      id: "added",
      title: t.added,
      width: "110px",
      alignRight: true,
      cell: (row) => <RelativeTime at={row.created_at} />,
    },
    {
      id: "action",
      title: t.action,
      width: "170px",
      alignRight: true,
      cell: (row) => (
        <>
          {row.state === "failed" && (
            <Button
              size="compact-xs"
              variant="subtle"
              leftSection={<RotateCcw size={12} aria-hidden />}
              onClick={(event) => {
                event.stopPropagation();
                onRetry(row);
              }}
            >
              {t.retry}
            </Button>
          )}
          <RowAction
            title={t.removeTitle(row.path)}
            text={t.removeText}
            label={t.remove}
            successMessage={t.removed(row.path)}
            invalidates={["knowledge"]}
            action={() => deleteDocument(row.base, row.path)}
          />
        </>
      ),
    },
  ];
}

/** Show the documents of a knowledge base with their states, and an upload area. */
export function DocumentsTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const f = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const { job, state } = page.useSearch();
  const states = useQuery(baseQuery(base)).data?.states ?? {};
  const query = useInfiniteQuery(documentsQuery(base, state));
  const refresh = () => client.invalidateQueries({ queryKey: ["knowledge"] });
  const showJob = (started: Schema["Job"]) => {
    void navigate({ search: (previous) => ({ ...previous, job: started.id }), replace: true });
    void refresh();
  };
  const uploading = useUpload(base, showJob);
  const load = useLoadDocuments(base, showJob);
  const hasReasons = Boolean(query.data?.pages.flat().some((row) => row.reason));
  const columns = useColumns(hasReasons, (row) => load.mutate({ retry: row.path }));
  const total = Object.values(states).reduce((sum, count) => sum + count, 0);
  const { failed = 0, pending = 0 } = states;
  return (
    <Stack gap="md">
      <FileDrop onFiles={(files) => uploading.upload.mutate(files)} busy={uploading.upload.isPending} />
      <UploadProgress {...uploading} />
      <RunningJob
        kind="knowledge.ingest"
        id={job}
        title={t.uploading}
        matches={(found) => found.params?.base === base}
        onEnd={refresh}
      />
      <Panel
        title={t.documents}
        flush
        actions={
          <>
            {pending > 0 && !job && (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<Play size={12} aria-hidden />}
                loading={load.isPending}
                onClick={() => load.mutate("pending")}
              >
                {t.loadPending(f.number(pending))}
              </Button>
            )}
            {failed > 0 && (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<RotateCcw size={12} aria-hidden />}
                loading={load.isPending}
                onClick={() => load.mutate({ retry: null })}
              >
                {t.retryAll(f.number(failed))}
              </Button>
            )}
          </>
        }
      >
        {total > 0 && (
          <StateFilter
            label={t.state}
            states={DOCUMENT_STATES.filter((one) => states[one] || one === state)}
            labels={t.states}
            counts={states}
            selected={state}
            onSelect={(next) => navigate({ search: (previous) => ({ ...previous, state: next }), replace: true })}
          />
        )}
        {query.data === undefined ? (
          query.isError ? (
            <QueryBoundary query={query as never}>{() => null}</QueryBoundary>
          ) : (
            <LoadingPlaceholder />
          )
        ) : query.data.pages.flat().length || state ? (
          <DataGrid
            label={t.documents}
            columns={columns}
            rows={query.data.pages.flat()}
            rowKey={(row) => row.id}
            hasMore={query.hasNextPage}
            loading={query.isFetchingNextPage}
            onEnd={() => void query.fetchNextPage()}
            onOpen={(row) => navigate({ to: "/knowledge/$base/documents/$id", params: { base, id: row.id } })}
            onClear={() => navigate({ search: (previous) => ({ ...previous, state: undefined }), replace: true })}
          />
        ) : (
          <div className={c.empty}>
            <Text fw={600}>{t.emptyBase}</Text>
            <Text size="sm" c="dimmed" maw={460}>
              {t.emptyBaseText}
            </Text>
            <Group mt="xs" justify="center">
              <Button
                component={Link}
                to="/knowledge/$base"
                params={{ base } as never}
                search={{ tab: "sources" } as never}
                size="xs"
                variant="default"
              >
                {t.addSource}
              </Button>
            </Group>
          </div>
        )}
      </Panel>
    </Stack>
  );
}

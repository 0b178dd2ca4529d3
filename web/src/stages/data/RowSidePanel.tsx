import { ActionIcon, Button, Text, Tooltip } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { GitFork, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat } from "@/components/Chat";
import { CopyIcon, JsonBlock } from "@/components/Code";
import { Confirm } from "@/components/Confirm";
import { EntityLink, useNavigateTo } from "@/components/EntityLink";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import c from "./data.module.css";
import { type Example, type Row, type Version, versionRef } from "./model";
import { changeRow, rowQuery } from "./queries";
import { RowEditForm } from "./RowEditForm";
import { useRows } from "./RowsTab";

const route = getRouteApi("/data/$name");

function Origin({ example }: { example: Example }) {
  const t = useMessages().data.row;
  const { origin } = example;
  if (!origin) return "–";
  if (origin.kind === "span")
    return (
      <EntityLink kind="span" entityRef={origin.id}>
        {t.openSpan}
      </EntityLink>
    );
  return (
    <>
      {t.kinds[origin.kind]}: <span className="mono">{origin.id}</span>
    </>
  );
}

/** Show a complete row: document or conversation, expected answer, rejected answer and metadata. */
function RowDetails({ row }: { row: Row }) {
  const t = useMessages().data.row;
  const f = useFormats();
  const { messages, completion, rejected, tools, metadata, weight, text } = row.example;
  const metadataEntries = Object.entries(metadata ?? {});
  return (
    <>
      {typeof text === "string" ? (
        <SidePanelSection title={t.document}>
          <section className={c.document} tabIndex={0} aria-label={t.document}>
            {text}
          </section>
          <Text size="xs" c="dimmed" className="num">
            {t.characters(f.number(text.length))}
          </Text>
        </SidePanelSection>
      ) : (
        <>
          <SidePanelSection title={t.conversation}>
            <Chat messages={messages} />
          </SidePanelSection>
          <SidePanelSection title={t.completion}>
            {completion ? (
              <Chat messages={[completion]} />
            ) : (
              <Text size="sm" c="dimmed">
                {t.noAnswer}
              </Text>
            )}
          </SidePanelSection>
        </>
      )}
      {rejected && (
        <SidePanelSection title={t.rejected}>
          <Chat messages={[rejected]} />
        </SidePanelSection>
      )}
      {tools?.length ? (
        <SidePanelSection title={t.tools}>
          <JsonBlock value={tools} label={t.tools} />
        </SidePanelSection>
      ) : null}
      <SidePanelSection title={t.metadata}>
        {metadataEntries.length ? (
          <Facts
            items={metadataEntries.map(([name, value]) => [
              name,
              <span key={name} className="mono">
                {typeof value === "string" ? value : JSON.stringify(value)}
              </span>,
            ])}
          />
        ) : (
          <Text size="sm" c="dimmed">
            {t.noMetadata}
          </Text>
        )}
      </SidePanelSection>
      <SidePanelSection title={t.origin}>
        <Facts
          items={[
            [t.source, <Origin key="origin" example={row.example} />],
            [t.weight, f.number(weight, 2)],
            [
              t.hash,
              <span key="hash" className="mono">
                {row.hash.slice(0, 24)}… <CopyIcon text={row.hash} />
              </span>,
            ],
          ]}
        />
      </SidePanelSection>
    </>
  );
}

type Props = { current: Version; number: number; newest?: Version };

/** Return a mutation that replaces the row in the next version, or removes it if the example is null. */
function useChangeRow({ current, number }: Props, onDone: () => void) {
  const t = useMessages().data.row;
  const client = useQueryClient();
  const navigate = route.useNavigate();
  return useMutation({
    mutationFn: (example: Example | null) => changeRow(versionRef(current), number, example),
    onError: notifyError,
    onSuccess: async (newVersion, example) => {
      await client.invalidateQueries({ queryKey: ["data"] });
      const ref = versionRef(newVersion);
      notifySuccess(example ? t.saved(ref) : t.removed(ref));
      onDone();
      void navigate({ search: (previous) => ({ ...previous, version: ref, row: example ? number : undefined }) });
    },
  });
}

function useStep(current: Version, number: number) {
  const navigate = route.useNavigate();
  const search = route.useSearch();
  const loadedRows = useRows(current).data?.pages.flat() ?? [];
  return (by: 1 | -1) => {
    const currentIndex = search.tab === "rows" ? loadedRows.findIndex((row) => row.number === number) : -1;
    const next = currentIndex < 0 ? number + by : loadedRows[currentIndex + by]?.number;
    if (next && next >= 1 && next <= current.rows)
      void navigate({ search: (previous) => ({ ...previous, row: next }), replace: true });
  };
}

/** Show one row in the side panel, with actions to edit and delete it. */
export function RowSidePanel(props: Props) {
  const { current, number, newest } = props;
  const { data, app } = useMessages();
  const t = data.row;
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const navigate = route.useNavigate();
  const [editedRow, setEditedRow] = useState<number | null>(null);
  const rowMutation = useChangeRow(props, () => setEditedRow(null));
  const step = useStep(current, number);
  const query = useQuery(rowQuery(versionRef(current), number));
  const row = query.data;
  const isEditing = editedRow === number;
  return (
    <SidePanel
      opened
      onClose={() => void navigate({ search: (previous) => ({ ...previous, row: undefined }), replace: true })}
      onStep={isEditing ? undefined : step}
      title={t.title(f.number(number))}
      actions={
        row &&
        !isEditing && (
          <>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<Pencil size={14} aria-hidden />}
              onClick={() => setEditedRow(number)}
            >
              {t.edit}
            </Button>
            <Tooltip label={t.lineage}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.lineage}
                onClick={() => navigateTo({ to: "/registry/lineage", search: { ref: `row:${row.hash}` } })}
              >
                <GitFork size={16} />
              </ActionIcon>
            </Tooltip>
            <Confirm
              title={t.removeTitle(f.number(number))}
              text={t.removeText}
              label={app.delete}
              onConfirm={() => rowMutation.mutate(null)}
            >
              {(openDialog) => (
                <Tooltip label={t.remove}>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t.remove}
                    loading={rowMutation.isPending}
                    onClick={openDialog}
                  >
                    <Trash2 size={16} />
                  </ActionIcon>
                </Tooltip>
              )}
            </Confirm>
          </>
        )
      }
    >
      <QueryBoundary query={query}>
        {(loadedRow) =>
          loadedRow === null ? (
            <Text size="sm">{t.missing}</Text>
          ) : isEditing ? (
            <RowEditForm
              key={loadedRow.hash}
              example={loadedRow.example}
              isOlderVersion={newest !== undefined && newest.number > current.number}
              saving={rowMutation.isPending}
              onSave={(example) => rowMutation.mutate(example)}
              onCancel={() => setEditedRow(null)}
            />
          ) : (
            <RowDetails row={loadedRow} />
          )
        }
      </QueryBoundary>
    </SidePanel>
  );
}

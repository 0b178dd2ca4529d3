import { ActionIcon, Button, Text, Tooltip } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { GitFork, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Chat } from "@/components/Chat";
import { CopyIcon, JsonBlock } from "@/components/Code";
import { Confirm } from "@/components/Confirm";
import { done, failed } from "@/components/notify";
import { Facts } from "@/components/Page";
import { Peek, PeekSection } from "@/components/Peek";
import { ThingLink, useGo } from "@/components/ThingLink";
import { type Example, type Row, refOf, type Version } from "./model";
import { changeRow, rowAt } from "./queries";
import { RowEdit } from "./RowEdit";
import { useRows } from "./RowsTab";

const route = getRouteApi("/data/$name");

function Origin({ example }: { example: Example }) {
  const t = useMessages().data.row;
  const { origin } = example;
  if (!origin) return "–";
  if (origin.kind === "span")
    return (
      <ThingLink kind="span" of={origin.id}>
        {t.openSpan}
      </ThingLink>
    );
  return (
    <>
      {t.kinds[origin.kind]}: <span className="mono">{origin.id}</span>
    </>
  );
}

/** A row in full: the conversation, the wanted answer, a worse one, and what is known of it. */
function Shown({ row }: { row: Row }) {
  const t = useMessages().data.row;
  const f = useFormats();
  const { messages, completion, rejected, tools, metadata, weight } = row.example;
  const facts = Object.entries(metadata ?? {});
  return (
    <>
      <PeekSection title={t.conversation}>
        <Chat messages={messages} />
      </PeekSection>
      <PeekSection title={t.wanted}>
        {completion ? (
          <Chat messages={[completion]} />
        ) : (
          <Text size="sm" c="dimmed">
            {t.noAnswer}
          </Text>
        )}
      </PeekSection>
      {rejected && (
        <PeekSection title={t.rejected}>
          <Chat messages={[rejected]} />
        </PeekSection>
      )}
      {tools?.length ? (
        <PeekSection title={t.tools}>
          <JsonBlock value={tools} label={t.tools} />
        </PeekSection>
      ) : null}
      <PeekSection title={t.metadata}>
        {facts.length ? (
          <Facts
            items={facts.map(([name, value]) => [
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
      </PeekSection>
      <PeekSection title={t.origin}>
        <Facts
          items={[
            [t.from, <Origin key="origin" example={row.example} />],
            [t.weight, f.number(weight, 2)],
            [
              t.hash,
              <span key="hash" className="mono">
                {row.hash.slice(0, 24)}… <CopyIcon text={row.hash} />
              </span>,
            ],
          ]}
        />
      </PeekSection>
    </>
  );
}

type Props = { current: Version; number: number; newest?: Version };

/** How a row is changed: what is given becomes the row of the next version; null takes it out. */
function useChange({ current, number }: Props, onDone: () => void) {
  const t = useMessages().data.row;
  const client = useQueryClient();
  const navigate = route.useNavigate();
  return useMutation({
    mutationFn: (example: Example | null) => changeRow(refOf(current), number, example),
    onError: failed,
    onSuccess: async (made, example) => {
      await client.invalidateQueries({ queryKey: ["data"] });
      const ref = refOf(made);
      done(example ? t.saved(ref) : t.removed(ref));
      onDone();
      void navigate({ search: (now) => ({ ...now, version: ref, row: example ? number : undefined }) });
    },
  });
}

function useSteps(current: Version, number: number) {
  const navigate = route.useNavigate();
  const search = route.useSearch();
  const loaded = useRows(current).data?.pages.flat() ?? [];
  return (by: 1 | -1) => {
    const here = search.tab === "rows" ? loaded.findIndex((row) => row.number === number) : -1;
    const next = here < 0 ? number + by : loaded[here + by]?.number;
    if (next && next >= 1 && next <= current.rows)
      void navigate({ search: (now) => ({ ...now, row: next }), replace: true });
  };
}

/** One row at the side: to read, to edit, to delete. */
export function RowPeek(props: Props) {
  const { current, number, newest } = props;
  const { data, app } = useMessages();
  const t = data.row;
  const f = useFormats();
  const go = useGo();
  const navigate = route.useNavigate();
  const [editing, setEditing] = useState<number | null>(null);
  const change = useChange(props, () => setEditing(null));
  const step = useSteps(current, number);
  const query = useQuery(rowAt(refOf(current), number));
  const row = query.data;
  const open = editing === number;
  return (
    <Peek
      opened
      onClose={() => void navigate({ search: (now) => ({ ...now, row: undefined }), replace: true })}
      onStep={open ? undefined : step}
      title={t.title(f.number(number))}
      actions={
        row &&
        !open && (
          <>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<Pencil size={14} aria-hidden />}
              onClick={() => setEditing(number)}
            >
              {t.edit}
            </Button>
            <Tooltip label={t.lineage}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.lineage}
                onClick={() => go({ to: "/registry/lineage", search: { of: `row:${row.hash}` } })}
              >
                <GitFork size={16} />
              </ActionIcon>
            </Tooltip>
            <Confirm
              title={t.removeTitle(f.number(number))}
              text={t.removeText}
              label={app.delete}
              onConfirm={() => change.mutate(null)}
            >
              {(ask) => (
                <Tooltip label={t.remove}>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t.remove}
                    loading={change.isPending}
                    onClick={ask}
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
      <Await query={query}>
        {(found) =>
          found === null ? (
            <Text size="sm">{t.missing}</Text>
          ) : open ? (
            <RowEdit
              key={found.hash}
              example={found.example}
              older={newest !== undefined && newest.number > current.number}
              saving={change.isPending}
              onSave={(example) => change.mutate(example)}
              onCancel={() => setEditing(null)}
            />
          ) : (
            <Shown row={found} />
          )
        }
      </Await>
    </Peek>
  );
}

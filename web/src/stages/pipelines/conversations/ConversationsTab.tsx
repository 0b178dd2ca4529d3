import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Column, DataGrid } from "@/components/DataGrid";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Page";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { publicationQuery } from "../queries";
import { ConversationDetails } from "./ConversationDetails";
import { type Conversation, conversationsQuery } from "./queries";

const page = getRouteApi("/pipelines/$name");
const SEARCH_AFTER_MS = 300;

function useColumns(): Column<Conversation>[] {
  const t = useMessages().pipelineAutomation.conversations;
  return [
    {
      id: "title",
      title: t.conversation,
      width: "minmax(200px, 2fr)",
      cell: ({ title }) => (
        <Text inherit truncate c={title ? undefined : "dimmed"}>
          {title || t.untitled}
        </Text>
      ),
    },
    {
      id: "person",
      title: t.person,
      width: "minmax(140px, 1fr)",
      cell: ({ person }) => (
        <Text inherit truncate>
          {person}
        </Text>
      ),
    },
    {
      id: "updated",
      title: t.updated,
      width: "150px",
      alignRight: true,
      cell: (one) => <RelativeTime at={one.updated_at} />,
    },
    {
      id: "expires",
      title: t.expires,
      width: "130px",
      alignRight: true,
      cell: (one) => (one.expires_at ? <RelativeTime at={one.expires_at} /> : "–"),
    },
  ];
}

/** Show the conversations with a pipeline, or the messages of one of them. */
export function ConversationsTab({ name }: { name: string }) {
  const { conversation } = page.useSearch();
  const navigate = useNavigate({ from: "/pipelines/$name" });
  const open = (id: string | undefined) => void navigate({ search: { tab: "conversations", conversation: id } });
  if (conversation)
    return <ConversationDetails key={conversation} name={name} id={conversation} onBack={() => open(undefined)} />;
  return <List name={name} onOpen={open} />;
}

function List({ name, onOpen }: { name: string; onOpen: (id: string) => void }) {
  const t = useMessages().pipelineAutomation.conversations;
  const [person, setPerson] = useState("");
  const [searched] = useDebouncedValue(person.trim(), SEARCH_AFTER_MS);
  const [isCreating, setCreating] = useState(false);
  const query = useInfiniteQuery(conversationsQuery(name, searched));
  const isPublished = Boolean(useQuery(publicationQuery(name)).data);
  const columns = useColumns();
  if (query.isError) return <ErrorAlert error={query.error} onRetry={() => query.refetch()} flush />;
  if (!query.data) return <LoadingPlaceholder />;
  const rows = query.data.pages.flat();
  return (
    <>
      <Group justify="space-between" mb="sm" gap="sm">
        <TextInput
          size="xs"
          w={240}
          aria-label={t.find}
          placeholder={t.find}
          leftSection={<Search size={13} aria-hidden />}
          value={person}
          onChange={(event) => setPerson(event.currentTarget.value)}
        />
        <Button
          size="xs"
          variant="light"
          leftSection={<Plus size={14} aria-hidden />}
          disabled={!isPublished}
          title={isPublished ? undefined : t.unpublished}
          onClick={() => setCreating(true)}
        >
          {t.new}
        </Button>
      </Group>
      {rows.length || searched ? (
        <DataGrid
          label={t.title}
          columns={columns}
          rows={rows}
          rowKey={(one) => one.id}
          onOpen={(one) => onOpen(one.id)}
          onClear={searched ? () => setPerson("") : undefined}
        />
      ) : (
        <Panel title={t.title}>
          <Text size="sm" c="dimmed">
            {t.none} {!isPublished && t.unpublished}
          </Text>
        </Panel>
      )}
      {query.hasNextPage && (
        <Group justify="center" mt="sm">
          <Button size="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
            {t.more}
          </Button>
        </Group>
      )}
      {isCreating && <NewConversation name={name} onOpen={onOpen} onClose={() => setCreating(false)} />}
    </>
  );
}

type NewProps = { name: string; onOpen: (id: string) => void; onClose: () => void };

function NewConversation({ name, onOpen, onClose }: NewProps) {
  const { app, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.conversations;
  const client = useQueryClient();
  const [person, setPerson] = useState("");
  const create = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/pipelines/{name}/conversations", {
          params: { path: { name } },
          body: { person: person.trim() || null },
        }),
      ),
    onSuccess: (created) => {
      void client.invalidateQueries({ queryKey: ["pipelines", "conversations", name] });
      onOpen(created.id);
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.new} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <TextInput
          label={t.person}
          description={t.personHint}
          data-autofocus
          value={person}
          onChange={(event) => setPerson(event.currentTarget.value)}
        />
        <FormActions label={t.create} loading={create.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

import { Anchor, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, SendHorizontal } from "lucide-react";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Confirm } from "@/components/Confirm";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import c from "./conversations.module.css";
import { PersonFacts } from "./PersonFacts";
import { type Conversation, conversationQuery, type Message, messagesQuery } from "./queries";

type Props = { name: string; id: string; onBack: () => void };

/** Show a conversation: its messages, its summary and the facts about its person. */
export function ConversationDetails({ name, id, onBack }: Props) {
  const t = useMessages().pipelineAutomation.conversations;
  const client = useQueryClient();
  const conversation = useQuery(conversationQuery(name, id));
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/v1/pipelines/{name}/conversations/{id}", { params: { path: { name, id } } })),
    onSuccess: () => {
      notifySuccess(t.deleted);
      void client.invalidateQueries({ queryKey: ["pipelines", "conversations", name] });
      onBack();
    },
    onError: notifyError,
  });
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<ArrowLeft size={14} aria-hidden />}
          onClick={onBack}
        >
          {t.back}
        </Button>
        <Confirm title={t.deleteTitle} text={t.deleteText} label={t.delete} onConfirm={() => remove.mutate()}>
          {(open) => (
            <Button size="xs" variant="light" color="red" loading={remove.isPending} onClick={open}>
              {t.delete}
            </Button>
          )}
        </Confirm>
      </Group>
      <QueryBoundary query={conversation}>
        {(found) => (
          <div className={c.columns}>
            <Messages name={name} conversation={found} />
            <Stack gap="md">
              <About conversation={found} />
              <PersonFacts name={name} person={found.person} />
            </Stack>
          </div>
        )}
      </QueryBoundary>
    </Stack>
  );
}

function About({ conversation }: { conversation: Conversation }) {
  const t = useMessages().pipelineAutomation;
  return (
    <Panel title={t.conversations.conversation}>
      <Facts
        items={[
          [t.conversations.person, conversation.person],
          [t.created, <RelativeTime key="created" at={conversation.created_at} />],
          [
            t.conversations.expires,
            conversation.expires_at ? <RelativeTime key="expires" at={conversation.expires_at} /> : "–",
          ],
        ]}
      />
      {conversation.summary && (
        <>
          <Text size="sm" fw={500} mt="sm">
            {t.conversations.summary}
          </Text>
          <Text size="sm" className={c.text}>
            {conversation.summary}
          </Text>
        </>
      )}
    </Panel>
  );
}

function Messages({ name, conversation }: { name: string; conversation: Conversation }) {
  const t = useMessages().pipelineAutomation.conversations;
  const client = useQueryClient();
  const query = useQuery(messagesQuery(name, conversation.id));
  const [text, setText] = useState("");
  const send = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/pipelines/{name}/conversations/{id}/messages", {
          params: { path: { name, id: conversation.id } },
          body: { text: text.trim() } as never,
        }),
      ),
    onSuccess: () => setText(""),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["pipelines"] }),
  });
  const submit = () => {
    if (text.trim() && !send.isPending) send.mutate();
  };
  return (
    <Panel title={t.messages}>
      <QueryBoundary query={query} lines={4}>
        {(messages) =>
          messages.length ? (
            <ol className={c.messages}>
              {messages.map((message) => (
                <Bubble key={message.id} name={name} message={message} />
              ))}
            </ol>
          ) : (
            <Text size="sm" c="dimmed">
              {t.noMessages}
            </Text>
          )
        }
      </QueryBoundary>
      <form
        className={c.composer}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Textarea
          aria-label={t.message}
          placeholder={t.message}
          autosize
          minRows={1}
          maxRows={8}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            submit();
          }}
        />
        <Button
          type="submit"
          size="sm"
          leftSection={<SendHorizontal size={14} aria-hidden />}
          loading={send.isPending}
          disabled={!text.trim()}
        >
          {t.send}
        </Button>
      </form>
    </Panel>
  );
}

const titleOf = (citation: Record<string, unknown>): string =>
  String(citation.title || citation.path || citation.heading || citation.document_id || "");

function Bubble({ name, message }: { name: string; message: Message }) {
  const { app, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.conversations;
  const roles = app.role as Record<string, string>;
  const citations = (message.citations ?? []) as Record<string, unknown>[];
  const files = message.attachments ?? [];
  return (
    <li className={c.message} data-role={message.role}>
      <div className={c.head}>
        <b>{roles[message.role] ?? message.role}</b>
        <RelativeTime at={message.created_at} />
        {message.run_id && (
          <Anchor component={Link} to={`/pipelines/${encodeURIComponent(name)}/runs/${message.run_id}`} size="xs">
            {t.run}
          </Anchor>
        )}
      </div>
      <div className={c.text}>{message.text}</div>
      {message.error && <div className={c.bad}>{message.error}</div>}
      {citations.length > 0 && (
        <div className={c.note}>
          {t.sources}: {citations.map((one) => `[${String(one.number ?? "")}] ${titleOf(one)}`).join(" · ")}
        </div>
      )}
      {files.length > 0 && (
        <div className={c.note}>
          {t.files}: {files.map((file) => file.filename).join(", ")}
        </div>
      )}
    </li>
  );
}

import { ActionIcon, Alert, Button, Group, Select, Textarea, Tooltip } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import c from "./data.module.css";
import { type Draft, draftOf, exampleOf } from "./draft";
import { type Example, readObject } from "./model";

type Props = {
  example: Example;
  older: boolean;
  saving: boolean;
  onSave: (example: Example) => void;
  onCancel: () => void;
};

const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;

/** The messages of a row, each with its role; what is no plain text is shown and kept. */
function Messages({ draft, change }: { draft: Draft; change: (messages: Draft["messages"]) => void }) {
  const { data, app } = useMessages();
  const t = data.row;
  const f = useFormats();
  const { messages } = draft;
  const put = (index: number, values: Partial<Draft["messages"][number]>) =>
    change(messages.map((one, place) => (place === index ? { ...one, ...values } : one)));
  return (
    <>
      {messages.map((message, index) => (
        <div key={message.key} className={c.message}>
          <div className={c.messageHead}>
            <Select
              size="xs"
              w={130}
              aria-label={`${t.role}: ${t.message(f.number(index + 1))}`}
              allowDeselect={false}
              data={ROLES.map((role) => ({ value: role, label: app.role[role] }))}
              value={message.role}
              onChange={(role) => role && put(index, { role: role as (typeof ROLES)[number] })}
            />
            {messages.length > 1 && (
              <Tooltip label={t.removeMessage(f.number(index + 1))}>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={t.removeMessage(f.number(index + 1))}
                  onClick={() => change(messages.filter((_, place) => place !== index))}
                >
                  <Trash2 size={15} />
                </ActionIcon>
              </Tooltip>
            )}
          </div>
          {message.text === null ? (
            <JsonBlock value={message.given} height={180} label={t.notText} />
          ) : (
            <Textarea
              size="sm"
              aria-label={t.message(f.number(index + 1))}
              autosize
              minRows={2}
              maxRows={16}
              value={message.text}
              onChange={(event) => put(index, { text: event.currentTarget.value })}
            />
          )}
        </div>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<Plus size={13} aria-hidden />}
        style={{ justifySelf: "start" }}
        onClick={() => change([...messages, { key: Math.random(), role: "user", text: "", given: {} }])}
      >
        {t.addMessage}
      </Button>
    </>
  );
}

/** A row to change: its messages, its answers and its metadata. */
export function RowEdit({ example, older, saving, onSave, onCancel }: Props) {
  const { data, app } = useMessages();
  const t = data.row;
  const [draft, setDraft] = useState(() => draftOf(example));
  const object = readObject(draft.metadata);
  const empty = draft.messages.some((message) => message.text !== null && !message.text.trim());
  const answer = (field: "completion" | "rejected", label: string) =>
    draft[field] !== null && (
      <Textarea
        label={label}
        autosize
        minRows={2}
        maxRows={16}
        value={draft[field] ?? ""}
        onChange={(event) => setDraft({ ...draft, [field]: event.currentTarget.value })}
      />
    );
  return (
    <form
      className={c.edit}
      onSubmit={(event) => {
        event.preventDefault();
        if (object && !empty) onSave(exampleOf(example, draft, object));
      }}
    >
      {older && (
        <Alert color="yellow" variant="light" p="xs">
          {t.older}
        </Alert>
      )}
      <Messages draft={draft} change={(messages) => setDraft({ ...draft, messages })} />
      {answer("completion", t.wanted)}
      {answer("rejected", t.rejected)}
      <Textarea
        label={t.metadata}
        description={t.metadataHint}
        error={object ? null : t.notObject}
        autosize
        minRows={3}
        maxRows={14}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }}
        value={draft.metadata}
        onChange={(event) => setDraft({ ...draft, metadata: event.currentTarget.value })}
      />
      <Group justify="flex-end" gap="xs">
        <Button size="xs" variant="default" onClick={onCancel}>
          {app.cancel}
        </Button>
        <Button size="xs" type="submit" loading={saving} disabled={!object || empty}>
          {t.save}
        </Button>
      </Group>
    </form>
  );
}

import { ActionIcon, Alert, Button, Group, Select, Textarea, Tooltip } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import c from "./data.module.css";
import { applyDraft, type Draft, hasEmptyText, toDraft } from "./draft";
import { type Example, parseObject } from "./model";

type Props = {
  example: Example;
  isOlderVersion: boolean;
  saving: boolean;
  onSave: (example: Example) => void;
  onCancel: () => void;
};

const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;

/** Show editors for the messages of a row. Messages that are not plain text are read-only. */
function Messages({ draft, onChange }: { draft: Draft; onChange: (messages: Draft["messages"]) => void }) {
  const { data, app } = useMessages();
  const t = data.row;
  const f = useFormats();
  const { messages } = draft;
  const updateMessage = (index: number, values: Partial<Draft["messages"][number]>) =>
    onChange(
      messages.map((candidate, candidateIndex) => (candidateIndex === index ? { ...candidate, ...values } : candidate)),
    );
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
              onChange={(role) => role && updateMessage(index, { role: role as (typeof ROLES)[number] })}
            />
            {messages.length > 1 && (
              <Tooltip label={t.removeMessage(f.number(index + 1))}>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={t.removeMessage(f.number(index + 1))}
                  onClick={() => onChange(messages.filter((_, candidateIndex) => candidateIndex !== index))}
                >
                  <Trash2 size={15} />
                </ActionIcon>
              </Tooltip>
            )}
          </div>
          {message.text === null ? (
            <JsonBlock value={message.original} height={180} label={t.notText} />
          ) : (
            <Textarea
              size="sm"
              aria-label={t.message(f.number(index + 1))}
              autosize
              minRows={2}
              maxRows={16}
              value={message.text}
              onChange={(event) => updateMessage(index, { text: event.currentTarget.value })}
            />
          )}
        </div>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<Plus size={13} aria-hidden />}
        style={{ justifySelf: "start" }}
        onClick={() => onChange([...messages, { key: Math.random(), role: "user", text: "", original: {} }])}
      >
        {t.addMessage}
      </Button>
    </>
  );
}

/** Show a form to edit a row: its document or its messages and answers, and the metadata. */
export function RowEditForm({ example, isOlderVersion, saving, onSave, onCancel }: Props) {
  const { data, app } = useMessages();
  const t = data.row;
  const [draft, setDraft] = useState(() => toDraft(example));
  const parsedMetadata = parseObject(draft.metadata);
  const isEmpty = hasEmptyText(draft);
  const answerField = (field: "completion" | "rejected", label: string) =>
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
        if (parsedMetadata && !isEmpty) onSave(applyDraft(example, draft, parsedMetadata));
      }}
    >
      {isOlderVersion && (
        <Alert color="yellow" variant="light" p="xs">
          {t.older}
        </Alert>
      )}
      {draft.document === null ? (
        <>
          <Messages draft={draft} onChange={(messages) => setDraft({ ...draft, messages })} />
          {answerField("completion", t.completion)}
          {answerField("rejected", t.rejected)}
        </>
      ) : (
        <Textarea
          label={t.document}
          autosize
          minRows={8}
          maxRows={28}
          value={draft.document}
          onChange={(event) => setDraft({ ...draft, document: event.currentTarget.value })}
        />
      )}
      <Textarea
        label={t.metadata}
        description={t.metadataHint}
        error={parsedMetadata ? null : t.notObject}
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
        <Button size="xs" type="submit" loading={saving} disabled={!parsedMetadata || isEmpty}>
          {t.save}
        </Button>
      </Group>
    </form>
  );
}

import { ActionIcon, Button, Group, Select, Textarea, TextInput, Tooltip } from "@mantine/core";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Panel } from "@/components/Page";
import c from "../prompts.module.css";
import {
  type Draft,
  type DraftErrors,
  emptyMessage,
  emptyPlaceholder,
  type MessageDraft,
  ROLES,
  type Role,
} from "../template";

type Props = { draft: Draft; errors: DraftErrors; onChange: (draft: Draft) => void };

function MessageEditor({
  message,
  index,
  count,
  error,
  onChange,
  onMove,
  onRemove,
}: {
  message: MessageDraft;
  index: number;
  count: number;
  error?: string;
  onChange: (message: MessageDraft) => void;
  onMove: (by: number) => void;
  onRemove: () => void;
}) {
  const { prompts, app } = useMessages();
  const t = prompts.edit;
  const f = useFormats();
  const roles = app.role as Record<string, string>;
  const label = t.messageLabel(f.number(index + 1));
  const actions = [
    { icon: ArrowUp, label: t.moveUp, disabled: index === 0, onClick: () => onMove(-1) },
    { icon: ArrowDown, label: t.moveDown, disabled: index === count - 1, onClick: () => onMove(1) },
    { icon: Trash2, label: t.removeMessage, disabled: count === 1, onClick: onRemove },
  ];
  return (
    <div className={c.message} role="group" aria-label={label}>
      <Group justify="space-between" wrap="nowrap" mb={6}>
        {message.kind === "text" ? (
          <Select
            size="xs"
            w={140}
            aria-label={`${t.role}, ${label}`}
            allowDeselect={false}
            data={ROLES.map((role) => ({ value: role, label: roles[role] ?? role }))}
            value={message.role}
            onChange={(role) => role && onChange({ ...message, role: role as Role })}
          />
        ) : (
          <span className={c.quiet}>{message.kind === "json" ? t.jsonMessage : t.placeholder}</span>
        )}
        <Group gap={2} wrap="nowrap">
          {actions.map(({ icon: Icon, label: action, disabled, onClick }) => (
            <Tooltip key={action} label={action}>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                disabled={disabled}
                aria-label={`${action}, ${label}`}
                onClick={onClick}
              >
                <Icon size={14} />
              </ActionIcon>
            </Tooltip>
          ))}
        </Group>
      </Group>
      {message.kind === "placeholder" ? (
        <TextInput
          size="sm"
          aria-label={t.placeholderName}
          description={t.placeholderHint}
          value={message.name}
          onChange={(event) => onChange({ ...message, name: event.currentTarget.value })}
        />
      ) : (
        <Textarea
          aria-label={label}
          autosize
          minRows={2}
          maxRows={24}
          error={error && t.invalidJson.object}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
          value={message.kind === "text" ? message.text : message.json}
          onChange={(event) => {
            const text = event.currentTarget.value;
            onChange(message.kind === "text" ? { ...message, text } : { ...message, json: text });
          }}
        />
      )}
    </div>
  );
}

/** Show the messages of a prompt. Variables are found while typing. */
export function MessagesEditor({ draft, errors, onChange }: Props) {
  const t = useMessages().prompts.edit;
  const { messages } = draft;
  const update = (next: MessageDraft[]) => onChange({ ...draft, messages: next });
  const move = (index: number, by: number) => {
    const next = [...messages];
    const [moved] = next.splice(index, 1);
    if (moved) next.splice(index + by, 0, moved);
    update(next);
  };
  return (
    <Panel
      title={t.messages}
      actions={
        <>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Plus size={13} aria-hidden />}
            onClick={() => update([...messages, emptyMessage(messages.length ? "user" : "system")])}
          >
            {t.addMessage}
          </Button>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={() => update([...messages, emptyPlaceholder()])}
          >
            {t.addPlaceholder}
          </Button>
        </>
      }
    >
      {messages.map((message, index) => (
        <MessageEditor
          key={message.id}
          message={message}
          index={index}
          count={messages.length}
          error={errors[`messages.${index}`]}
          onChange={(next) => update(messages.map((one) => (one.id === next.id ? next : one)))}
          onMove={(by) => move(index, by)}
          onRemove={() => update(messages.filter((one) => one.id !== message.id))}
        />
      ))}
      <p className={c.quiet}>{t.syntaxHint}</p>
    </Panel>
  );
}

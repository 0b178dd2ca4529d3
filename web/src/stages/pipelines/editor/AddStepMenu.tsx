import { Modal, TextInput, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { KIND_NAMES, kindView } from "../canvas/kinds";
import c from "./editor.module.css";

type Props = { title: string; onAdd: (kind: string) => void; onClose: () => void };

/** Choose the kind of a new step. Typing filters, Enter adds the first kind. */
export function AddStepMenu({ title, onAdd, onClose }: Props) {
  const { app, pipelines: t } = useMessages();
  const [search, setSearch] = useState("");
  const typed = search.trim().toLowerCase();
  const shown = KIND_NAMES.filter((kind) => {
    const { name, text } = t.kinds[kind as keyof typeof t.kinds];
    return [kind, name.toLowerCase(), text.toLowerCase()].some((one) => one.includes(typed));
  }).sort((a, b) => Number(b.startsWith(typed)) - Number(a.startsWith(typed)));
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <TextInput
        data-autofocus
        aria-label={t.editor.findKind}
        placeholder={t.editor.findKind}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && shown[0]) {
            event.preventDefault();
            onAdd(shown[0]);
          }
        }}
      />
      <div className={c.kinds}>
        {shown.map((kind) => {
          const { icon: Icon, color } = kindView(kind);
          const texts = t.kinds[kind as keyof typeof t.kinds];
          return (
            <UnstyledButton key={kind} className={c.kind} onClick={() => onAdd(kind)}>
              <Icon size={17} style={{ color: `var(${color})` }} aria-hidden />
              <span>
                <b>{texts.name}</b>
                <small>{texts.text}</small>
              </span>
            </UnstyledButton>
          );
        })}
      </div>
    </Modal>
  );
}

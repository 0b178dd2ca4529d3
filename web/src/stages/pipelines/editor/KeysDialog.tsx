import { Kbd, Modal } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import c from "./editor.module.css";

/** Show the keyboard shortcuts of the canvas. */
export function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { app, pipelines: t } = useMessages();
  return (
    <Modal opened={opened} onClose={onClose} title={t.editor.keys} closeButtonProps={{ "aria-label": app.close }}>
      <dl className={c.keys}>
        {Object.entries(t.editor.keyHelp).map(([keys, text]) => (
          <div key={keys} style={{ display: "contents" }}>
            <dt>
              <Kbd>{keys}</Kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

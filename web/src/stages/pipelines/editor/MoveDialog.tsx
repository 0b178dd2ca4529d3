import { Modal, Stack, UnstyledButton } from "@mantine/core";
import { CornerDownRight, Workflow } from "lucide-react";
import { useMessages } from "@/app/i18n";
import c from "./editor.module.css";

type Props = { targets: (string | null)[]; onMove: (parent: string | null) => void; onClose: () => void };

/** Choose the container into which the selected steps are moved. */
export function MoveDialog({ targets, onMove, onClose }: Props) {
  const { app, pipelines: t } = useMessages();
  return (
    <Modal opened onClose={onClose} title={t.editor.moveTitle} closeButtonProps={{ "aria-label": app.close }}>
      <Stack gap={6}>
        {targets.map((target, index) => (
          <UnstyledButton
            key={target ?? "$top"}
            className={c.kind}
            data-autofocus={index === 0 || undefined}
            onClick={() => onMove(target)}
          >
            {target === null ? <Workflow size={17} aria-hidden /> : <CornerDownRight size={17} aria-hidden />}
            <span>
              <b>{target ?? t.editor.outermost}</b>
            </span>
          </UnstyledButton>
        ))}
      </Stack>
    </Modal>
  );
}

import { Modal, Stack, UnstyledButton } from "@mantine/core";
import { CornerDownRight, Workflow } from "lucide-react";
import { useMessages } from "@/app/i18n";
import c from "./editor.module.css";

type Props = {
  targets: (string | null)[];
  cutEdges: (parent: string | null) => string;
  onMove: (parent: string | null) => void;
  onClose: () => void;
};

/** Choose the container into which the selected steps are moved. Each choice names the connections that it removes. */
export function MoveDialog({ targets, cutEdges, onMove, onClose }: Props) {
  const { app, pipelines: t } = useMessages();
  return (
    <Modal opened onClose={onClose} title={t.editor.moveTitle} closeButtonProps={{ "aria-label": app.close }}>
      <Stack gap={6}>
        {targets.map((target, index) => {
          const cut = cutEdges(target);
          return (
            <UnstyledButton
              key={target ?? "$top"}
              className={c.kind}
              data-autofocus={index === 0 || undefined}
              onClick={() => onMove(target)}
            >
              {target === null ? <Workflow size={17} aria-hidden /> : <CornerDownRight size={17} aria-hidden />}
              <span>
                <b>{target ?? t.editor.outermost}</b>
                {cut && <small>{t.editor.movedEdges(cut)}</small>}
              </span>
            </UnstyledButton>
          );
        })}
      </Stack>
    </Modal>
  );
}

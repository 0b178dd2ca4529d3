import { Modal, Text, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";
import { FormActions } from "./FormActions";

type Props = {
  opened: boolean;
  title: string;
  text: ReactNode;
  /** Text of the button that confirms. */
  label: string;
  danger?: boolean;
  loading: boolean;
  onClose: () => void;
  onConfirm: (reason: string) => void;
};

/** Ask for a decision and its reason. The reason is required and stored by the server. */
export function ReasonDialog({ opened, title, text, label, danger, loading, onClose, onConfirm }: Props) {
  const { reasonDialog: t, close } = useMessages().app;
  const [reason, setReason] = useState("");
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm(reason.trim());
        }}
      >
        <Text size="sm" mb="sm">
          {text}
        </Text>
        <Textarea
          label={t.reason}
          description={t.reasonHint}
          required
          autosize
          minRows={2}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <FormActions
          label={label}
          color={danger ? "red" : undefined}
          disabled={!reason.trim()}
          loading={loading}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

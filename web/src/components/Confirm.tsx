import { Button, Group, Modal, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";

type Props = {
  title: string;
  text: ReactNode;
  label: string;
  onConfirm: () => void;
  children: (openDialog: () => void) => ReactNode;
};

/**
 * Ask for confirmation before an action that cannot be undone. `children` renders the button and receives the function
 * that opens the dialog.
 */
export function Confirm({ title, text, label, onConfirm, children }: Props) {
  const t = useMessages().app;
  const [opened, setOpened] = useState(false);
  const close = () => setOpened(false);
  return (
    <>
      {children(() => setOpened(true))}
      <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": t.close }}>
        <Text size="sm">{text}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close}>
            {t.cancel}
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {label}
          </Button>
        </Group>
      </Modal>
    </>
  );
}

import { Button, Group, Modal, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";

type Props = {
  title: string;
  text: ReactNode;
  label: string;
  onConfirm: () => void;
  children: (ask: () => void) => ReactNode;
};

/** A deed that cannot be undone: asks first. `children` draws the button and gets the function that asks. */
export function Confirm({ title, text, label, onConfirm, children }: Props) {
  const t = useMessages().app;
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  return (
    <>
      {children(() => setAsking(true))}
      <Modal opened={asking} onClose={close} title={title} closeButtonProps={{ "aria-label": t.close }}>
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

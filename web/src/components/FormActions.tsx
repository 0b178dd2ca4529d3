import { Button, Group, type MantineColor } from "@mantine/core";
import type { ReactNode } from "react";
import { useMessages } from "@/app/i18n";

type Props = { label: ReactNode; loading: boolean; disabled?: boolean; color?: MantineColor; onCancel: () => void };

/** Show the buttons at the end of a form in a dialog: cancel and submit. */
export function FormActions({ label, loading, disabled, color, onCancel }: Props) {
  const t = useMessages().app;
  return (
    <Group justify="flex-end" mt="lg">
      <Button variant="default" onClick={onCancel}>
        {t.cancel}
      </Button>
      <Button type="submit" loading={loading} disabled={disabled} color={color}>
        {label}
      </Button>
    </Group>
  );
}

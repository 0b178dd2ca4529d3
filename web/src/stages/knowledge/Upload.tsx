import { Group, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { FileUp } from "lucide-react";
import { useMessages } from "@/app/i18n";

/** Show an upload area for documents. */
export function Upload({ onFiles, busy }: { onFiles: (files: File[]) => void; busy?: boolean }) {
  const t = useMessages().knowledge;
  return (
    <Dropzone onDrop={onFiles} loading={busy} p="md" inputProps={{ "aria-label": t.upload }} aria-label={t.drop}>
      <Group justify="center" gap="sm" wrap="nowrap">
        <FileUp size={22} strokeWidth={1.5} aria-hidden style={{ flex: "none" }} />
        <div>
          <Text size="sm" fw={500}>
            {t.drop}
          </Text>
          <Text size="xs" c="dimmed">
            {t.dropHint}
          </Text>
        </div>
      </Group>
    </Dropzone>
  );
}

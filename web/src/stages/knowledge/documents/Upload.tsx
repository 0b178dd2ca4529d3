import { Alert, Button, Group, Progress, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileUp, RotateCcw } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { ErrorAlert } from "@/components/QueryBoundary";
import { ingest, uploadFiles } from "../queries";
import { splitIntoBatches } from "./upload";

/** Show an upload area for documents. */
export function FileDrop({ onFiles, busy }: { onFiles: (files: File[]) => void; busy?: boolean }) {
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

type UploadState = { done: number; total: number; left: File[] };

/** Return the state of an upload in batches and a function that starts one. `onJob` receives the job that loads. */
export function useUpload(base: string, onJob: (job: Schema["Job"]) => void) {
  const client = useQueryClient();
  const [progress, setProgress] = useState<UploadState | null>(null);
  const upload = useMutation({
    mutationFn: async (files: File[]) => {
      const queued: string[] = [];
      let done = 0;
      setProgress({ done, total: files.length, left: files });
      try {
        for (const batch of splitIntoBatches(files)) {
          const stored = await uploadFiles(base, batch);
          queued.push(...stored.filter((document) => document.state !== "ready").map((document) => document.id));
          done += batch.length;
          setProgress({ done, total: files.length, left: files.slice(done) });
        }
      } finally {
        if (queued.length) onJob(await ingest(base, queued));
        void client.invalidateQueries({ queryKey: ["knowledge"] });
      }
    },
    onSuccess: () => setProgress(null),
  });
  return { progress, upload };
}

/** Show the progress of an upload, or its error with a button that uploads the remaining files. */
export function UploadProgress({ progress, upload }: ReturnType<typeof useUpload>) {
  const t = useMessages().knowledge;
  const f = useFormats();
  if (!progress) return null;
  if (upload.error)
    return (
      <>
        <ErrorAlert error={upload.error} title={t.uploadFailed(f.number(progress.left.length))} flush />
        <Group>
          <Button
            size="xs"
            variant="default"
            leftSection={<RotateCcw size={13} aria-hidden />}
            onClick={() => upload.mutate(progress.left)}
          >
            {t.uploadRest}
          </Button>
        </Group>
      </>
    );
  const text = t.uploadProgress(f.number(progress.done), f.number(progress.total));
  return (
    <Alert variant="default" role="status">
      <Text size="sm" mb={6} className="num">
        {text}
      </Text>
      <Progress value={(progress.done / progress.total) * 100} aria-label={text} animated />
    </Alert>
  );
}

import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError } from "@/components/notify";
import c from "../data.module.css";
import { fieldPaths, type Version, versionRef } from "../model";
import { sampleRowsQuery } from "../queries";
import { CleanForm } from "./CleanForm";
import { ProfileForm } from "./ProfileForm";
import { SplitForm } from "./SplitForm";

const route = getRouteApi("/data/$name");

export type FormName = "profile" | "clean" | "split";
/** Props of each form: version, field paths of its rows, and a callback that starts the job. */
export type FormProps = {
  current: Version;
  paths: string[];
  onStart: (start: () => Promise<Schema["Job"]>) => void;
  actions: React.ReactNode;
};

/** Show the form of an action on a version. The job's id is put into the URL, where the page shows it live. */
export default function VersionActionForm({
  form,
  current,
  onClose,
}: {
  form: FormName;
  current: Version;
  onClose: () => void;
}) {
  const { data, app } = useMessages();
  const t = data.forms;
  const navigate = route.useNavigate();
  const rowsQuery = useQuery(sampleRowsQuery(versionRef(current)));
  const paths = useMemo(() => fieldPaths(rowsQuery.data ?? []), [rowsQuery.data]);
  const start = useMutation({
    mutationFn: (startJob: () => Promise<Schema["Job"]>) => startJob(),
    onError: notifyError,
    onSuccess: (job) => {
      onClose();
      void navigate({ search: (previous) => ({ ...previous, job: job.id }) });
    },
  });
  const actions = (
    <Group justify="flex-end" mt="lg" gap="xs">
      <Button variant="default" size="sm" onClick={onClose}>
        {app.cancel}
      </Button>
      <Button type="submit" size="sm" loading={start.isPending} leftSection={<Play size={14} aria-hidden />}>
        {t.start}
      </Button>
    </Group>
  );
  const Form = { profile: ProfileForm, clean: CleanForm, split: SplitForm }[form];
  return (
    <Modal opened onClose={onClose} title={t[form].title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t[form].lead} <span className={`mono ${c.ref}`}>{versionRef(current)}</span>
        </Text>
        <Form current={current} paths={paths} onStart={start.mutate} actions={actions} />
      </Stack>
    </Modal>
  );
}

import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useMemo } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { failed } from "@/components/notify";
import c from "../data.module.css";
import { pathsOf, refOf, type Version } from "../model";
import { someRows } from "../queries";
import { CleanForm } from "./CleanForm";
import { ProfileForm } from "./ProfileForm";
import { SplitForm } from "./SplitForm";

const route = getRouteApi("/data/$name");

export type FormName = "profile" | "clean" | "split";
/** What each form gets: the version, the fields of its rows, and how to start the job. */
export type FormProps = {
  current: Version;
  paths: string[];
  onStart: (start: () => Promise<S["Job"]>) => void;
  foot: React.ReactNode;
};

/** A form for what can be done to a version. Its job is put into the address, where the page shows it live. */
export default function ActForm({ form, current, onClose }: { form: FormName; current: Version; onClose: () => void }) {
  const { data, app } = useMessages();
  const t = data.forms;
  const navigate = route.useNavigate();
  const seen = useQuery(someRows(refOf(current)));
  const paths = useMemo(() => pathsOf(seen.data ?? []), [seen.data]);
  const start = useMutation({
    mutationFn: (begin: () => Promise<S["Job"]>) => begin(),
    onError: failed,
    onSuccess: (job) => {
      onClose();
      void navigate({ search: (now) => ({ ...now, job: job.id }) });
    },
  });
  const foot = (
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
          {t[form].lead} <span className={`mono ${c.ref}`}>{refOf(current)}</span>
        </Text>
        <Form current={current} paths={paths} onStart={start.mutate} foot={foot} />
      </Stack>
    </Modal>
  );
}

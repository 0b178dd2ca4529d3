import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { type ApiError, api, unwrap } from "@/api/client";
import { notifySuccess } from "@/components/notify";
import { useMessages } from "./i18n";
import { useSwitchProject } from "./session";

/** Show a form that creates a project and switches to it. */
export default function NewProject({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useMessages().app;
  const switchProject = useSwitchProject();
  const form = useForm({ initialValues: { name: "" } });
  const create = useMutation({
    mutationFn: (body: { name: string }) => unwrap(api.POST("/api/v1/access/projects", { body })),
    onSuccess: ({ name }) => {
      notifySuccess(t.project.created(name));
      switchProject.mutate(name);
    },
    onError: (error: ApiError) => form.setFieldError("name", [error.title, error.hint].filter(Boolean).join(": ")),
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t.project.new} closeButtonProps={{ "aria-label": t.close }}>
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <TextInput label={t.project.name} required data-autofocus {...form.getInputProps("name")} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={create.isPending || switchProject.isPending}>
            {t.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

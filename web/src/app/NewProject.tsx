import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { type ApiError, api, ok } from "@/api/client";
import { done } from "@/components/notify";
import { useMessages } from "./i18n";
import { useSwitchProject } from "./session";

/** A form that makes a project and goes there. */
export default function NewProject({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useMessages().app;
  const change = useSwitchProject();
  const form = useForm({ initialValues: { name: "" } });
  const make = useMutation({
    mutationFn: (body: { name: string }) => ok(api.POST("/api/v1/access/projects", { body })),
    onSuccess: ({ name }) => {
      done(t.project.made(name));
      change.mutate(name);
    },
    onError: (error: ApiError) => form.setFieldError("name", [error.title, error.hint].filter(Boolean).join(": ")),
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t.project.new} closeButtonProps={{ "aria-label": t.close }}>
      <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
        <TextInput label={t.project.name} required data-autofocus {...form.getInputProps("name")} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={make.isPending || change.isPending}>
            {t.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

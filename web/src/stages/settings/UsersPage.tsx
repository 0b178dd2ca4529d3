import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus, UserX } from "lucide-react";
import { useState } from "react";
import { type ApiError, api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useSession } from "@/app/session";
import { Await } from "@/components/Await";
import { CodeBlock } from "@/components/Code";
import { type Column, DataGrid } from "@/components/DataGrid";
import { FormFoot } from "@/components/FormFoot";
import { Panel } from "@/components/Page";
import { RowDeed } from "@/components/RowDeed";
import { When } from "@/components/When";
import { Frame } from "./Frame";

const KEY = ["settings", "users"];
type User = S["User"];

function RemoveUser({ user: { email } }: { user: User }) {
  const t = useMessages().settings.users;
  return (
    <RowDeed
      title={t.removeTitle(email)}
      text={t.removeText}
      label={t.remove}
      icon={UserX}
      said={t.removed(email)}
      stale={KEY}
      deed={() => ok(api.DELETE("/api/v1/access/users/{email}", { params: { path: { email } } }))}
    />
  );
}

function useColumns(): Column<User>[] {
  const t = useMessages().settings;
  const me = useSession().user.email;
  return [
    { id: "email", title: t.users.email, width: "minmax(180px, 1fr)", cell: (user) => user.email },
    { id: "role", title: t.users.role, width: "110px", cell: (user) => t.roles[user.role] },
    {
      id: "projects",
      title: t.users.projects,
      width: "minmax(140px, 1fr)",
      cell: (user) => (user.role === "owner" ? t.users.all : user.projects.join(", ")),
    },
    { id: "made", title: t.users.made, width: "130px", cell: (user) => <When at={user.created_at} /> },
    {
      id: "remove",
      title: t.users.action,
      width: "120px",
      right: true,
      cell: (user) => (user.email === me ? null : <RemoveUser user={user} />),
    },
  ];
}

function AddPerson({ onClose }: { onClose: () => void }) {
  const { app, settings } = useMessages();
  const t = settings.users;
  const { project, projects } = useSession();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: "", role: "member" as User["role"], projects: [project.name] },
    validate: { email: (value) => (value.trim() ? null : t.needed) },
  });
  const make = useMutation<S["NewUser"], ApiError, typeof form.values>({
    mutationFn: ({ email, role, projects }) =>
      ok(api.POST("/api/v1/access/users", { body: { email: email.trim(), role, projects, password: null } })),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
    onError: (error) => form.setFieldError("email", [error.title, error.hint].filter(Boolean).join(": ")),
  });
  const made = make.data;
  return (
    <Modal
      opened
      onClose={onClose}
      title={made ? t.madeTitle(made.user.email) : t.add}
      closeOnClickOutside={!made}
      closeButtonProps={{ "aria-label": app.close }}
    >
      {made ? (
        <Stack gap="sm">
          <Alert color="yellow">{t.once}</Alert>
          <CodeBlock text={made.password ?? ""} label={t.password} wrap />
          <Group justify="flex-end">
            <Button onClick={onClose}>{t.kept}</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
          <Stack gap="sm">
            <TextInput label={t.email} type="email" data-autofocus {...form.getInputProps("email")} />
            <Select
              label={t.role}
              description={t.roleHint[form.values.role]}
              allowDeselect={false}
              data={(["member", "viewer", "owner"] as const).map((value) => ({ value, label: settings.roles[value] }))}
              {...form.getInputProps("role")}
            />
            {form.values.role !== "owner" && (
              <MultiSelect
                label={t.projects}
                data={projects.map((one) => one.name)}
                {...form.getInputProps("projects")}
              />
            )}
          </Stack>
          <FormFoot label={t.add} loading={make.isPending} onCancel={onClose} />
        </form>
      )}
    </Modal>
  );
}

/** Who can sign in. */
export default function UsersPage() {
  const t = useMessages().settings;
  const { user } = useSession();
  const [adding, setAdding] = useState(false);
  const owner = user.role === "owner";
  const users = useQuery({ queryKey: KEY, queryFn: () => ok(api.GET("/api/v1/access/users")), enabled: owner });
  const columns = useColumns();
  const button = owner && (
    <Button size="sm" leftSection={<UserPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>
      {t.users.add}
    </Button>
  );
  return (
    <Frame actions={button}>
      {owner ? (
        <Panel title={t.tabs.users} flush>
          <Text size="sm" c="dimmed" px="md" pb="sm">
            {t.users.lead}
          </Text>
          <Await query={users}>
            {(found) => <DataGrid label={t.tabs.users} columns={columns} rows={found} rowKey={(one) => one.id} />}
          </Await>
        </Panel>
      ) : (
        <Alert>{t.users.forbidden}</Alert>
      )}
      {adding && <AddPerson onClose={() => setAdding(false)} />}
    </Frame>
  );
}

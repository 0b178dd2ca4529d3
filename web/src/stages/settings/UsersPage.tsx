import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus, UserX } from "lucide-react";
import { useState } from "react";
import { type ApiError, api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useSession } from "@/app/session";
import { CodeBlock } from "@/components/Code";
import { type Column, DataGrid } from "@/components/DataGrid";
import { FormActions } from "@/components/FormActions";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { SettingsLayout } from "./SettingsLayout";

const USERS_KEY = ["settings", "users"];
type User = Schema["User"];

function RemoveUser({ user: { email } }: { user: User }) {
  const t = useMessages().settings.users;
  return (
    <RowAction
      title={t.removeTitle(email)}
      text={t.removeText}
      label={t.remove}
      icon={UserX}
      successMessage={t.removed(email)}
      invalidates={USERS_KEY}
      action={() => unwrap(api.DELETE("/api/v1/access/users/{email}", { params: { path: { email } } }))}
    />
  );
}

function useColumns(): Column<User>[] {
  const t = useMessages().settings;
  const currentEmail = useSession().user.email;
  return [
    { id: "email", title: t.users.email, width: "minmax(180px, 1fr)", cell: (user) => user.email },
    { id: "role", title: t.users.role, width: "110px", cell: (user) => t.roles[user.role] },
    {
      id: "projects",
      title: t.users.projects,
      width: "minmax(140px, 1fr)",
      cell: (user) => (user.role === "owner" ? t.users.all : user.projects.join(", ")),
    },
    { id: "made", title: t.users.created, width: "130px", cell: (user) => <RelativeTime at={user.created_at} /> },
    {
      id: "remove",
      title: t.users.action,
      width: "120px",
      alignRight: true,
      cell: (user) => (user.email === currentEmail ? null : <RemoveUser user={user} />),
    },
  ];
}

function AddUser({ onClose }: { onClose: () => void }) {
  const { app, settings } = useMessages();
  const t = settings.users;
  const { project, projects } = useSession();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: "", role: "member" as User["role"], projects: [project.name] },
    validate: { email: (value) => (value.trim() ? null : t.required) },
  });
  const createUser = useMutation<Schema["NewUser"], ApiError, typeof form.values>({
    mutationFn: ({ email, role, projects }) =>
      unwrap(api.POST("/api/v1/access/users", { body: { email: email.trim(), role, projects, password: null } })),
    onSuccess: () => client.invalidateQueries({ queryKey: USERS_KEY }),
    onError: (error) => form.setFieldError("email", [error.title, error.hint].filter(Boolean).join(": ")),
  });
  const created = createUser.data;
  return (
    <Modal
      opened
      onClose={onClose}
      title={created ? t.createdTitle(created.user.email) : t.add}
      closeOnClickOutside={!created}
      closeButtonProps={{ "aria-label": app.close }}
    >
      {created ? (
        <Stack gap="sm">
          <Alert color="yellow">{t.passwordHint}</Alert>
          <CodeBlock text={created.password ?? ""} label={t.password} wrap />
          <Group justify="flex-end">
            <Button onClick={onClose}>{t.saved}</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={form.onSubmit((values) => createUser.mutate(values))}>
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
                data={projects.map((candidate) => candidate.name)}
                {...form.getInputProps("projects")}
              />
            )}
          </Stack>
          <FormActions label={t.add} loading={createUser.isPending} onCancel={onClose} />
        </form>
      )}
    </Modal>
  );
}

/** Show the users who can sign in. */
export default function UsersPage() {
  const t = useMessages().settings;
  const { user } = useSession();
  const [isAdding, setIsAdding] = useState(false);
  const isOwner = user.role === "owner";
  const users = useQuery({
    queryKey: USERS_KEY,
    queryFn: () => unwrap(api.GET("/api/v1/access/users")),
    enabled: isOwner,
  });
  const columns = useColumns();
  const button = isOwner && (
    <Button size="sm" leftSection={<UserPlus size={15} aria-hidden />} onClick={() => setIsAdding(true)}>
      {t.users.add}
    </Button>
  );
  return (
    <SettingsLayout actions={button}>
      {isOwner ? (
        <Panel title={t.tabs.users} flush>
          <Text size="sm" c="dimmed" px="md" pb="sm">
            {t.users.lead}
          </Text>
          <QueryBoundary query={users}>
            {(list) => <DataGrid label={t.tabs.users} columns={columns} rows={list} rowKey={(row) => row.id} />}
          </QueryBoundary>
        </Panel>
      ) : (
        <Alert>{t.users.forbidden}</Alert>
      )}
      {isAdding && <AddUser onClose={() => setIsAdding(false)} />}
    </SettingsLayout>
  );
}

import { Button, Group, PasswordInput, SegmentedControl, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { type ApiError, api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { LanguagePicker } from "@/app/LanguagePicker";
import { useSession, useSignOut } from "@/app/session";
import { Columns } from "@/components/Columns";
import { notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { SettingsLayout } from "./SettingsLayout";

const MIN_PASSWORD_LENGTH = 10;

function PasswordPanel() {
  const t = useMessages().settings.account;
  const form = useForm({
    initialValues: { current: "", next: "", again: "" },
    validate: {
      next: (value) => (value.length < MIN_PASSWORD_LENGTH ? t.tooShort : null),
      again: (value, values) => (value === values.next ? null : t.differs),
    },
  });
  const changePassword = useMutation<unknown, ApiError, { current: string; new: string }>({
    mutationFn: (body) => unwrap(api.PUT("/api/v1/access/password", { body })),
    onSuccess: () => {
      form.reset();
      notifySuccess(t.done);
    },
    onError: (error) => form.setFieldError("current", [error.title, error.hint].filter(Boolean).join(": ")),
  });
  return (
    <Panel title={t.title}>
      <form onSubmit={form.onSubmit(({ current, next }) => changePassword.mutate({ current, new: next }))}>
        <Stack gap="sm" maw={360}>
          <PasswordInput label={t.current} autoComplete="current-password" {...form.getInputProps("current")} />
          <PasswordInput
            label={t.next}
            description={t.hint}
            autoComplete="new-password"
            {...form.getInputProps("next")}
          />
          <PasswordInput label={t.repeatPassword} autoComplete="new-password" {...form.getInputProps("again")} />
          <Button type="submit" size="sm" loading={changePassword.isPending} style={{ alignSelf: "flex-start" }}>
            {t.submit}
          </Button>
        </Stack>
      </form>
    </Panel>
  );
}

function AppearancePanel() {
  const t = useMessages().settings.account;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Panel title={t.appearance}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Text size="sm">{t.language}</Text>
          <LanguagePicker />
        </Group>
        <Group justify="space-between">
          <Text size="sm">{t.scheme}</Text>
          <SegmentedControl
            size="xs"
            aria-label={t.scheme}
            value={colorScheme}
            onChange={(value) => setColorScheme(value as typeof colorScheme)}
            data={[
              { value: "auto", label: t.auto },
              { value: "light", label: t.light },
              { value: "dark", label: t.dark },
            ]}
          />
        </Group>
      </Stack>
    </Panel>
  );
}

/** Show the user's account: password, language, colour scheme and sign out. */
export default function AccountPage() {
  const t = useMessages().settings.account;
  const { user } = useSession();
  const signOut = useSignOut();
  const button = (
    <Button size="sm" variant="default" leftSection={<LogOut size={15} aria-hidden />} onClick={() => signOut.mutate()}>
      {t.signOut}
    </Button>
  );
  return (
    <SettingsLayout actions={button}>
      <Columns
        main={<PasswordPanel />}
        side={
          <>
            <Panel title={t.signedIn}>
              <Text size="sm" fw={500}>
                {user.email}
              </Text>
            </Panel>
            <AppearancePanel />
          </>
        }
      />
    </SettingsLayout>
  );
}

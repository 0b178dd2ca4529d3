import { Button, Group, PasswordInput, SegmentedControl, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { type ApiError, api, ok } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { LanguagePicker } from "@/app/LanguagePicker";
import { useSession, useSignOut } from "@/app/session";
import { Columns } from "@/components/Columns";
import { done } from "@/components/notify";
import { Panel } from "@/components/Page";
import { Frame } from "./Frame";

const LEAST = 10;

function Password() {
  const t = useMessages().settings.account;
  const form = useForm({
    initialValues: { current: "", next: "", again: "" },
    validate: {
      next: (value) => (value.length < LEAST ? t.short : null),
      again: (value, all) => (value === all.next ? null : t.differs),
    },
  });
  const change = useMutation<unknown, ApiError, { current: string; new: string }>({
    mutationFn: (body) => ok(api.PUT("/api/v1/access/password", { body })),
    onSuccess: () => {
      form.reset();
      done(t.done);
    },
    onError: (error) => form.setFieldError("current", [error.title, error.hint].filter(Boolean).join(": ")),
  });
  return (
    <Panel title={t.title}>
      <form onSubmit={form.onSubmit(({ current, next }) => change.mutate({ current, new: next }))}>
        <Stack gap="sm" maw={360}>
          <PasswordInput label={t.current} autoComplete="current-password" {...form.getInputProps("current")} />
          <PasswordInput
            label={t.next}
            description={t.hint}
            autoComplete="new-password"
            {...form.getInputProps("next")}
          />
          <PasswordInput label={t.again} autoComplete="new-password" {...form.getInputProps("again")} />
          <Button type="submit" size="sm" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
            {t.submit}
          </Button>
        </Stack>
      </form>
    </Panel>
  );
}

function Look() {
  const t = useMessages().settings.account;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Panel title={t.look}>
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

/** The reader's own: password, language, colours, and the way out. */
export default function AccountPage() {
  const t = useMessages().settings.account;
  const { user } = useSession();
  const out = useSignOut();
  const button = (
    <Button size="sm" variant="default" leftSection={<LogOut size={15} aria-hidden />} onClick={() => out.mutate()}>
      {t.out}
    </Button>
  );
  return (
    <Frame actions={button}>
      <Columns
        main={<Password />}
        side={
          <>
            <Panel title={t.signedIn}>
              <Text size="sm" fw={500}>
                {user.email}
              </Text>
            </Panel>
            <Look />
          </>
        }
      />
    </Frame>
  );
}

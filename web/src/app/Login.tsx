import { Alert, Box, Button, Code, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDocumentTitle } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { type ApiError, api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "./i18n";
import { LanguagePicker } from "./LanguagePicker";
import c from "./Login.module.css";
import { Logo } from "./Logo";

/** Show the sign-in page. */
export default function Login({ onDone }: { onDone: (session: Schema["SessionView"]) => void }) {
  const t = useMessages().app;
  useDocumentTitle(t.login.title);
  const form = useForm({ initialValues: { email: "", password: "" } });
  const signIn = useMutation<Schema["SessionView"], ApiError, { email: string; password: string }>({
    mutationFn: (body) => unwrap(api.POST("/api/v1/access/session", { body })),
    onSuccess: onDone,
  });
  return (
    <main className={c.page}>
      <Box className={c.box}>
        <Stack align="center" gap={6} mb="lg">
          <Logo size={44} />
          <Title order={1} mt={8}>
            {t.login.title}
          </Title>
          <Text size="sm" c="dimmed" ta="center">
            {t.login.lead}
          </Text>
        </Stack>
        <Paper withBorder p="lg" radius="lg">
          <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
            <Stack gap="sm">
              <TextInput
                label={t.login.email}
                autoComplete="username"
                placeholder="owner@localhost"
                autoFocus
                required
                withAsterisk={false}
                {...form.getInputProps("email")}
              />
              <PasswordInput
                label={t.login.password}
                autoComplete="current-password"
                required
                withAsterisk={false}
                {...form.getInputProps("password")}
              />
              {signIn.error && (
                <Alert color="red" role="alert" title={signIn.error.title}>
                  {signIn.error.hint}
                </Alert>
              )}
              <Button type="submit" loading={signIn.isPending} mt={4}>
                {t.login.submit}
              </Button>
            </Stack>
          </form>
        </Paper>
        <Text size="xs" c="dimmed" ta="center" mt="md">
          {t.login.lost} <Code>vong access password --reset</Code>
        </Text>
        <Box mt="lg" ta="center">
          <LanguagePicker />
        </Box>
      </Box>
    </main>
  );
}

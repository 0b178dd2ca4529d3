import { Button, Center, Code, Group, Stack, Text, Title } from "@mantine/core";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { ApiError } from "@/api/client";
import { useMessages } from "@/app/i18n";

/** Show that the page does not exist. */
export function NotFoundPage() {
  const t = useMessages().app.errors;
  return (
    <Center mih="70dvh" p="lg">
      <Stack align="center" gap={6} maw={420}>
        <Text fz={44} fw={700} c="dimmed" aria-hidden>
          404
        </Text>
        <Title order={1}>{t.missing}</Title>
        <Text size="sm" c="dimmed" ta="center">
          {t.missingText}
        </Text>
        <Button component={Link} to="/" mt="sm">
          {t.home}
        </Button>
      </Stack>
    </Center>
  );
}

/** Show the error of a page that failed to render, with buttons to retry or leave. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const t = useMessages().app.errors;
  if (error instanceof ApiError && error.status === 404) return <NotFoundPage />;
  return (
    <Center mih="70dvh" p="lg">
      <Stack align="center" gap={8} maw={520}>
        <Title order={1}>{t.title}</Title>
        <Code block>{error instanceof Error ? error.message : String(error)}</Code>
        {error instanceof ApiError && error.hint && <Text size="sm">{error.hint}</Text>}
        <Group mt="sm">
          <Button onClick={reset}>{t.retry}</Button>
          <Button variant="default" onClick={() => location.reload()}>
            {t.reload}
          </Button>
          <Button variant="default" component={Link} to="/">
            {t.home}
          </Button>
        </Group>
      </Stack>
    </Center>
  );
}

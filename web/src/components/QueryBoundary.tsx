import { Alert, Box, Button, Center, Code, Group, Loader, Skeleton, Stack, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { useMessages } from "@/app/i18n";

/** Show a loading placeholder: grey lines of the final height, or a spinner in an otherwise empty window (`full`). */
export function LoadingPlaceholder({ fullPage, lines = 6 }: { fullPage?: boolean; lines?: number }) {
  const t = useMessages().app;
  if (fullPage)
    return (
      <Center mih="100dvh">
        <Loader size="sm" role="status" aria-label={t.loading} />
      </Center>
    );
  return (
    <Stack gap="xs" p="lg" role="status" aria-label={t.loading}>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all lines are equal
        <Skeleton key={index} height={24} />
      ))}
    </Stack>
  );
}

type ErrorAlertProps = { error: unknown; onRetry?: () => void; title?: string; flush?: boolean };

/** Show an error, the next step if known, and a retry button. `flush` removes the outer margin. */
export function ErrorAlert({ error, onRetry, title, flush }: ErrorAlertProps) {
  const t = useMessages().app;
  const apiError = error instanceof ApiError ? error : null;
  return (
    <Box p={flush ? 0 : "lg"}>
      <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={title ?? t.errors.load} role="alert">
        <Stack gap={6} align="flex-start">
          <Text size="sm">{apiError?.title ?? String((error as Error).message)}</Text>
          {apiError?.hint && (
            <Text size="sm">
              {t.errors.next}: <Code>{apiError.hint}</Code>
            </Text>
          )}
          <Group gap="sm" mt={4}>
            {onRetry && (
              <Button size="xs" variant="default" onClick={onRetry}>
                {t.errors.retry}
              </Button>
            )}
            {apiError && (
              <Text size="xs" c="dimmed">
                {t.errors.status(apiError.status)}
              </Text>
            )}
          </Group>
        </Stack>
      </Alert>
    </Box>
  );
}

/** Render `children` with a query's data, a placeholder while it loads, or its error. */
export function QueryBoundary<T>({
  query,
  children,
  lines,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorAlert error={query.error} onRetry={() => query.refetch()} />;
  return <LoadingPlaceholder lines={lines} />;
}

import { Alert, Box, Button, Center, Code, Group, Loader, Skeleton, Stack, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { useMessages } from "@/app/i18n";

/** Shown while something is asked for: grey lines of the final height, or a wheel in the middle of an empty window. */
export function Waiting({ full, lines = 6 }: { full?: boolean; lines?: number }) {
  const t = useMessages().app;
  if (full)
    return (
      <Center mih="100dvh">
        <Loader size="sm" aria-label={t.loading} />
      </Center>
    );
  return (
    <Stack gap="xs" p="lg" role="status" aria-label={t.loading}>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: equal lines
        <Skeleton key={index} height={24} />
      ))}
    </Stack>
  );
}

type FailureProps = { error: unknown; again?: () => void; title?: string; flush?: boolean };

/** What went wrong, whose fault it is where the server said so, and what to do next. `flush` leaves its margin out. */
export function Failure({ error, again, title, flush }: FailureProps) {
  const t = useMessages().app;
  const known = error instanceof ApiError ? error : null;
  return (
    <Box p={flush ? 0 : "lg"}>
      <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={title ?? t.errors.load} role="alert">
        <Stack gap={6} align="flex-start">
          <Text size="sm">{known?.title ?? String((error as Error).message)}</Text>
          {known?.hint && (
            <Text size="sm">
              {t.errors.next}: <Code>{known.hint}</Code>
            </Text>
          )}
          <Group gap="sm" mt={4}>
            {again && (
              <Button size="xs" variant="default" onClick={again}>
                {t.errors.retry}
              </Button>
            )}
            {known && (
              <Text size="xs" c="dimmed">
                {t.errors.status(known.status)}
              </Text>
            )}
          </Group>
        </Stack>
      </Alert>
    </Box>
  );
}

/** A query's data, or that it is coming, or why it does not. */
export function Await<T>({
  query,
  children,
  lines,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failure error={query.error} again={() => query.refetch()} />;
  return <Waiting lines={lines} />;
}

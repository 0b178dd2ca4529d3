import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./Job.module.css";
import { Panel } from "./Page";
import { ErrorAlert } from "./QueryBoundary";

const PAGE = 500;
const MAX_PAGES = 20;

/** Show the complete log of a job that has ended. Jobs that run have their log in `JobPanel`. */
export function JobLog({ id }: { id: string }) {
  const t = useMessages().app.job;
  const f = useFormats();
  const query = useInfiniteQuery({
    queryKey: ["job", id, "log"],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/jobs/{id}/log", { params: { path: { id }, query: { after: pageParam, limit: PAGE } } })),
    initialPageParam: 0,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.number),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const pages = query.data?.pages ?? [];
  const isLong = pages.length >= MAX_PAGES;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isLong) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isLong, fetchNextPage]);
  const lines = pages.flat();
  if (query.isPending) return null;
  return (
    <Panel
      title={t.log}
      actions={
        <Text size="xs" c="dimmed" className="num">
          {t.logLines(f.number(lines.length))}
        </Text>
      }
    >
      {query.isError ? (
        <ErrorAlert error={query.error} />
      ) : (
        <pre className={c.log} tabIndex={0} role="log" aria-label={t.log}>
          {lines.length ? lines.map((line) => line.line).join("\n") : t.emptyLog}
        </pre>
      )}
      {isLong && hasNextPage && (
        <Button size="compact-xs" variant="subtle" mt="xs" onClick={() => void fetchNextPage()}>
          {t.moreLog}
        </Button>
      )}
    </Panel>
  );
}

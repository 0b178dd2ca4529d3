import { Alert, Box, Button, Collapse, Group, Progress, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, RotateCcw, Square } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { type ServerEvent, useEvents } from "@/api/sse";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./Job.module.css";
import { notifyError } from "./notify";
import { Status } from "./Status";

type Job = Schema["Job"];
type LogLine = Schema["LogLine"];
const FINAL_STATUSES = new Set(["finished", "failed", "cancelled"]);
const MAX_LOG_LINES = 2000;

/** Return whether a job has ended, successfully or not. */
export const hasEnded = (job: Pick<Job, "status">) => FINAL_STATUSES.has(job.status);

/**
 * Return a job's current state, its log so far and the stream's connection state. Survives reloads and restarts of the
 * server.
 */
export function useJob(id: string | null | undefined, onEnd?: (job: Job) => void) {
  const client = useQueryClient();
  const key = ["job", id];
  const query = useQuery({
    queryKey: key,
    enabled: Boolean(id),
    queryFn: () => unwrap(api.GET("/api/v1/jobs/{id}", { params: { path: { id: id as string } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [lines, setLines] = useState<LogLine[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another job has another log
  useEffect(() => setLines([]), [id]);
  const onEndRef = useRef(onEnd);
  onEndRef.current = onEnd;
  const onEvents = useCallback(
    (events: ServerEvent<Job | LogLine>[]) => {
      const newLines = events.filter((event) => event.name === "log").map((event) => event.data as LogLine);
      if (newLines.length)
        setLines((previous) => {
          const lastNumber = previous.at(-1)?.number ?? 0;
          return [...previous, ...newLines.filter((line) => line.number > lastNumber)].slice(-MAX_LOG_LINES);
        });
      const state = events.findLast((event) => event.name !== "log");
      if (!state) return;
      client.setQueryData(["job", id], state.data);
      if (state.name === "end") onEndRef.current?.(state.data as Job);
    },
    [client, id],
  );
  const attempt = query.data?.attempts ?? 0;
  const streamState = useEvents<Job | LogLine>(
    id && query.data ? `/api/v1/jobs/${id}/events?attempt=${attempt}` : null,
    ["progress", "log", "end"],
    onEvents,
  );
  return { job: query.data, error: query.error, lines, streamState: streamState };
}

/** Show a job with progress, rate, time left, log, and buttons to stop or retry it. */
export function JobPanel({ id, title, onEnd }: { id: string; title?: string; onEnd?: (job: Job) => void }) {
  const t = useMessages().app.job;
  const f = useFormats();
  const client = useQueryClient();
  const { job, lines, streamState } = useJob(id, onEnd);
  const [open, setOpen] = useState(false);
  const path = { params: { path: { id } } };
  const mutationOptions = {
    onError: notifyError,
    onSuccess: (updated: Job) => client.setQueryData(["job", id], updated),
  };
  const stop = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/jobs/{id}/cancel", path)),
    ...mutationOptions,
  });
  const retry = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/jobs/{id}/retry", path)),
    ...mutationOptions,
  });
  if (!job) return <div className={c.job} style={{ minHeight: 74 }} />;
  const { done, total, unit, rate, seconds_left: secondsLeft, message } = job.progress;
  const isEnded = hasEnded(job);
  const percent = job.status === "finished" ? 100 : total ? Math.min(100, (done / total) * 100) : 0;
  return (
    <Box className={c.job}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Group gap="sm" style={{ minWidth: 0 }}>
          <Status state={job.status} label={t[job.status]} />
          <Text size="sm" fw={500}>
            {title ?? job.kind}
          </Text>
          {!isEnded && streamState === "connecting" && (
            <Text size="xs" c="dimmed">
              {t.reconnecting}
            </Text>
          )}
        </Group>
        <Group gap={6} wrap="nowrap">
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            onClick={() => setOpen(!open)}
            aria-expanded={open}
            rightSection={open ? <ChevronUp size={13} aria-hidden /> : <ChevronDown size={13} aria-hidden />}
          >
            {t.log}
          </Button>
          {!isEnded && (
            <Button
              size="compact-xs"
              variant="light"
              color="red"
              leftSection={<Square size={11} aria-hidden />}
              loading={stop.isPending}
              onClick={() => stop.mutate()}
            >
              {t.stop}
            </Button>
          )}
          {(job.status === "failed" || job.status === "cancelled") && (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<RotateCcw size={12} aria-hidden />}
              loading={retry.isPending}
              onClick={() => retry.mutate()}
            >
              {t.retry}
            </Button>
          )}
        </Group>
      </Group>
      <Progress
        value={percent}
        size={6}
        radius="xl"
        mt={8}
        animated={job.status === "running" && !total}
        color={job.status === "failed" ? "red" : undefined}
        aria-label={title ?? job.kind}
      />
      <Group justify="space-between" mt={6} gap="sm">
        <Text size="xs" c="dimmed" className="num">
          {total ? t.progress(f.number(done), f.number(total)) : f.number(done)} {unit}
          {message && `, ${message}`}
        </Text>
        <Text size="xs" c="dimmed" className="num">
          {!isEnded && rate ? t.perSecond(f.number(rate, 1)) : ""}
          {!isEnded && secondsLeft !== null && secondsLeft !== undefined
            ? ` · ${t.left(f.duration(secondsLeft * 1000))}`
            : ""}
        </Text>
      </Group>
      {job.error && (
        <Alert color="red" mt="xs" role="alert">
          {job.error}
        </Alert>
      )}
      <Collapse expanded={open}>
        <pre className={c.log} tabIndex={0} role="log" aria-label={t.log}>
          {lines.length ? lines.map((line) => line.line).join("\n") : t.emptyLog}
        </pre>
      </Collapse>
    </Box>
  );
}

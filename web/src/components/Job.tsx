import { Alert, Box, Button, Collapse, Group, Progress, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, RotateCcw, Square } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, ok, type S } from "@/api/client";
import { type ServerEvent, useEvents } from "@/api/sse";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./Job.module.css";
import { failed } from "./notify";
import { Status } from "./Status";

type Job = S["Job"];
type Line = S["LogLine"];
const ENDED = new Set(["finished", "failed", "cancelled"]);
const KEPT_LINES = 2000;

/** Whether a job has come to its end, good or bad. */
export const ended = (job: Pick<Job, "status">) => ENDED.has(job.status);

/** A job as it stands now: its record, its log so far, and whether the stream is open. Survives reloads and restarts. */
export function useJob(id: string | null | undefined, onEnd?: (job: Job) => void) {
  const client = useQueryClient();
  const key = ["job", id];
  const first = useQuery({
    queryKey: key,
    enabled: Boolean(id),
    queryFn: () => ok(api.GET("/api/v1/jobs/{id}", { params: { path: { id: id as string } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [lines, setLines] = useState<Line[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another job has another log
  useEffect(() => setLines([]), [id]);
  const told = useRef(onEnd);
  told.current = onEnd;
  const take = useCallback(
    (events: ServerEvent<Job | Line>[]) => {
      const logged = events.filter((event) => event.name === "log").map((event) => event.data as Line);
      if (logged.length)
        setLines((had) => {
          const last = had.at(-1)?.number ?? 0;
          return [...had, ...logged.filter((line) => line.number > last)].slice(-KEPT_LINES);
        });
      const state = events.findLast((event) => event.name !== "log");
      if (!state) return;
      client.setQueryData(["job", id], state.data);
      if (state.name === "end") told.current?.(state.data as Job);
    },
    [client, id],
  );
  const attempt = first.data?.attempts ?? 0;
  const live = useEvents<Job | Line>(
    id && first.data ? `/api/v1/jobs/${id}/events?attempt=${attempt}` : null,
    ["progress", "log", "end"],
    take,
  );
  return { job: first.data, error: first.error, lines, live };
}

/** A job with its bar, rate, time left, log, and the buttons that stop it or start it again. */
export function JobPanel({ id, title, onEnd }: { id: string; title?: string; onEnd?: (job: Job) => void }) {
  const t = useMessages().app.job;
  const f = useFormats();
  const client = useQueryClient();
  const { job, lines, live } = useJob(id, onEnd);
  const [open, setOpen] = useState(false);
  const path = { params: { path: { id } } };
  const settle = { onError: failed, onSuccess: (now: Job) => client.setQueryData(["job", id], now) };
  const stop = useMutation({ mutationFn: () => ok(api.POST("/api/v1/jobs/{id}/cancel", path)), ...settle });
  const again = useMutation({ mutationFn: () => ok(api.POST("/api/v1/jobs/{id}/retry", path)), ...settle });
  if (!job) return <div className={c.job} style={{ minHeight: 74 }} />;
  const { done, total, unit, rate, seconds_left: left, message } = job.progress;
  const over = ended(job);
  const share = job.status === "finished" ? 100 : total ? Math.min(100, (done / total) * 100) : 0;
  return (
    <Box className={c.job}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Group gap="sm" style={{ minWidth: 0 }}>
          <Status state={job.status} label={t[job.status]} />
          <Text size="sm" fw={500}>
            {title ?? job.kind}
          </Text>
          {!over && live === "connecting" && (
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
          {!over && (
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
              loading={again.isPending}
              onClick={() => again.mutate()}
            >
              {t.again}
            </Button>
          )}
        </Group>
      </Group>
      <Progress
        value={share}
        size={6}
        radius="xl"
        mt={8}
        animated={job.status === "running" && !total}
        color={job.status === "failed" ? "red" : undefined}
        aria-label={title ?? job.kind}
      />
      <Group justify="space-between" mt={6} gap="sm">
        <Text size="xs" c="dimmed" className="num">
          {total ? t.of(f.number(done), f.number(total)) : f.number(done)} {unit}
          {message && `, ${message}`}
        </Text>
        <Text size="xs" c="dimmed" className="num">
          {!over && rate ? t.perSecond(f.number(rate, 1)) : ""}
          {!over && left !== null && left !== undefined ? ` · ${t.left(f.duration(left * 1000))}` : ""}
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

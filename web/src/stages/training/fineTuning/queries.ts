import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import {
  type FineTuningJob,
  type FineTuningStatus,
  getJob,
  listCheckpoints,
  listEvents,
  listJobs,
} from "@/api/fineTuning";

/** Key of all queries of fine-tuning jobs. */
export const FINE_TUNING = ["training", "fine-tuning"] as const;
const REFETCH_MS = 3_000;
const ENDED: FineTuningStatus[] = ["succeeded", "failed", "cancelled"];

/** State mark for each job status. */
export const STATUS_MARKS: Record<FineTuningStatus, string> = {
  validating_files: "queued",
  queued: "queued",
  running: "running",
  paused: "stopped",
  succeeded: "finished",
  failed: "failed",
  cancelled: "cancelled",
};

/** Return whether a job has ended, successfully or not. */
export const hasEnded = (job: Pick<FineTuningJob, "status">): boolean => ENDED.includes(job.status);

/** Return whether a job changes without an action of the user. */
export const isActive = (job: Pick<FineTuningJob, "status"> | undefined): boolean =>
  job !== undefined && !hasEnded(job) && job.status !== "paused";

/** Convert seconds since 1970 to a time for `RelativeTime`. */
export const toTime = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString();

/** Query the fine-tuning jobs, newest first. */
export const jobsQuery = () =>
  infiniteQueryOptions({
    queryKey: [...FINE_TUNING, "jobs"],
    queryFn: ({ pageParam }) => listJobs(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.has_more ? last.data.at(-1)?.id : undefined),
    refetchInterval: (query) => (query.state.data?.pages[0]?.data.some(isActive) ? REFETCH_MS : false),
  });

/** Query one fine-tuning job. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: [...FINE_TUNING, "job", id],
    queryFn: () => getJob(id),
    refetchInterval: (query) => (isActive(query.state.data) ? REFETCH_MS : false),
  });

/** Query the events of a job, newest first. */
export const eventsQuery = (id: string, active: boolean) =>
  infiniteQueryOptions({
    queryKey: [...FINE_TUNING, "events", id, active], // read once more after the job has ended
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => listEvents(id, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.has_more ? last.data.at(-1)?.id : undefined),
    refetchInterval: active ? REFETCH_MS : false,
  });

/** Query the checkpoints of a job. */
export const checkpointsQuery = (id: string, active: boolean) =>
  queryOptions({
    queryKey: [...FINE_TUNING, "checkpoints", id, active],
    placeholderData: keepPreviousData,
    queryFn: () => listCheckpoints(id),
    refetchInterval: active ? REFETCH_MS : false,
  });

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { hasEnded, JobPanel } from "./Job";

type Props = {
  kind: string;
  /** Job named in the URL. Without it, the newest unfinished job is looked up. */
  id?: string;
  title?: string;
  /** Returns whether a job found by its kind belongs to this page. */
  matches?: (job: Schema["Job"]) => boolean;
  onEnd?: (job: Schema["Job"]) => void;
};

/** Show the unfinished job of a kind, also after a reload. Shows nothing if there is none. */
export function RunningJob({ kind, id, title, matches, onEnd }: Props) {
  const [lastRunningId, setLastRunningId] = useState<string>();
  const jobs = useQuery({
    queryKey: ["jobs", kind],
    queryFn: () => unwrap(api.GET("/api/v1/jobs", { params: { query: { kind, limit: 20 } } })),
    enabled: !id,
    refetchInterval: 5_000,
  });
  const runningId = jobs.data?.find((job) => !hasEnded(job) && (matches?.(job) ?? true))?.id;
  if (runningId && runningId !== lastRunningId) setLastRunningId(runningId);
  const jobId = id ?? runningId ?? lastRunningId;
  return jobId ? <JobPanel key={jobId} id={jobId} title={title} onEnd={onEnd} /> : null;
}

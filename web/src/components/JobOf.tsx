import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { ended, JobPanel } from "./Job";

type Props = {
  kind: string;
  /** The job that the address names; without it the newest one that has not ended is found. */
  id?: string;
  title?: string;
  /** Whether a job found by its kind is one of this page's. */
  mine?: (job: S["Job"]) => boolean;
  onEnd?: (job: S["Job"]) => void;
};

/** The work of one kind that goes on now, found again after a reload. Nothing where there is none. */
export function JobOf({ kind, id, title, mine, onEnd }: Props) {
  const [found, setFound] = useState<string>();
  const jobs = useQuery({
    queryKey: ["jobs", kind],
    queryFn: () => ok(api.GET("/api/v1/jobs", { params: { query: { kind, limit: 20 } } })),
    enabled: !id,
    refetchInterval: 5_000,
  });
  const live = jobs.data?.find((job) => !ended(job) && (mine?.(job) ?? true))?.id;
  if (live && live !== found) setFound(live);
  const shown = id ?? live ?? found;
  return shown ? <JobPanel key={shown} id={shown} title={title} onEnd={onEnd} /> : null;
}

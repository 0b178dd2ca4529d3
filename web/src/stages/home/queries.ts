import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";

/** Query the state of every stage, polled every five seconds while the page is visible. */
export const overviewQuery = () =>
  queryOptions({
    queryKey: ["home", "overview"],
    queryFn: () => unwrap(api.GET("/api/v1/loop/overview")),
    refetchInterval: 5_000,
  });

/** Query the unfinished jobs. */
export const unfinishedJobsQuery = () =>
  queryOptions({
    queryKey: ["home", "jobs"],
    queryFn: async () => {
      const jobs = await unwrap(api.GET("/api/v1/jobs", { params: { query: { limit: 50 } } }));
      return jobs.filter((job) => job.status === "running" || job.status === "queued");
    },
    refetchInterval: 5_000,
  });

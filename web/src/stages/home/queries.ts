import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

/** How every stage stands; asked for again every five seconds while the page is seen. */
export const overview = () =>
  queryOptions({
    queryKey: ["home", "overview"],
    queryFn: () => ok(api.GET("/api/v1/loop/overview")),
    refetchInterval: 5_000,
  });

/** The jobs that have not ended. */
export const unfinished = () =>
  queryOptions({
    queryKey: ["home", "jobs"],
    queryFn: async () => {
      const jobs = await ok(api.GET("/api/v1/jobs", { params: { query: { limit: 50 } } }));
      return jobs.filter((job) => job.status === "running" || job.status === "queued");
    },
    refetchInterval: 5_000,
  });

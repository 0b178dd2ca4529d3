import { Button, Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowRight, X } from "lucide-react";
import { useEffect } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useNavigateTo } from "@/components/EntityLink";
import { refName } from "@/components/entities";
import { hasEnded, JobPanel } from "@/components/Job";
import { finishedJobRef } from "./model";
import { jobQuery } from "./queries";

const route = getRouteApi("/data/$name");

/** Return whether a job uses this dataset or creates its next version. */
function isJobOfDataset(job: Schema["Job"], name: string): boolean {
  const { ref, name: targetName } = job.params as { ref?: string; name?: string };
  return job.kind.startsWith("data.") && (targetName === name || (ref !== undefined && refName(ref) === name));
}

/** Return the running job of this dataset if the URL does not name one. */
function useRunningJobId(name: string, hasJobInUrl: boolean) {
  const runningJob = useQuery({
    queryKey: ["data", "running", name],
    queryFn: async () => {
      const jobList = await unwrap(api.GET("/api/v1/jobs", { params: { query: { limit: 100 } } }));
      return jobList.find((job) => !hasEnded(job) && isJobOfDataset(job, name))?.id ?? null;
    },
    enabled: !hasJobInUrl,
    staleTime: 0,
  });
  return hasJobInUrl ? null : runningJob.data;
}

/** Show the dataset's job live, with a link to its result. */
export function DatasetJobs({ name }: { name: string }) {
  const t = useMessages().data.jobs;
  const { job: id } = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const navigateTo = useNavigateTo();
  const runningId = useRunningJobId(name, id !== undefined);
  useEffect(() => {
    if (runningId) void navigate({ search: (previous) => ({ ...previous, job: runningId }), replace: true });
  }, [runningId, navigate]);
  const job = useQuery({ ...jobQuery(id ?? ""), enabled: id !== undefined });
  const resultRef = finishedJobRef(job.data);
  useEffect(() => {
    // the job may have ended before this component was mounted
    if (resultRef) void client.invalidateQueries({ queryKey: ["data", "versions", name] });
  }, [resultRef, name, client]);
  if (!id) return null;
  const kind = job.data?.kind ?? "";
  const isReport = kind === "data.profile";
  const openResult = () =>
    resultRef &&
    (isReport
      ? navigateTo({
          to: `/data/${encodeURIComponent(refName(resultRef))}`,
          search: { version: resultRef, tab: "health" },
        })
      : navigateTo({ to: `/data/${encodeURIComponent(refName(resultRef))}`, search: { version: resultRef } }));
  return (
    <div>
      <JobPanel
        key={id}
        id={id}
        title={t.names[kind]}
        onEnd={() => void client.invalidateQueries({ queryKey: ["data"] })}
      />
      <Group justify="flex-end" gap="xs" mt={8}>
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<X size={14} aria-hidden />}
          onClick={() => void navigate({ search: (previous) => ({ ...previous, job: undefined }) })}
        >
          {t.hide}
        </Button>
        {resultRef && (
          <Button size="xs" variant="light" rightSection={<ArrowRight size={14} aria-hidden />} onClick={openResult}>
            {isReport ? t.health : t.open}
          </Button>
        )}
      </Group>
    </div>
  );
}

import { Button, Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowRight, X } from "lucide-react";
import { useEffect } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { ended, JobPanel } from "@/components/Job";
import { useGo } from "@/components/ThingLink";
import { nameOf } from "@/components/things";
import { refMade } from "./model";
import { job as jobQuery } from "./queries";

const route = getRouteApi("/data/$name");

/** Whether a job works on this dataset, or makes its next version. */
function concerns(job: S["Job"], name: string): boolean {
  const { ref, name: into } = job.params as { ref?: string; name?: string };
  return job.kind.startsWith("data.") && (into === name || (ref !== undefined && nameOf(ref) === name));
}

/** A job of this dataset that runs now, found again where the address does not name one. */
function useRunning(name: string, known: boolean) {
  const found = useQuery({
    queryKey: ["data", "running", name],
    queryFn: async () => {
      const jobs = await ok(api.GET("/api/v1/jobs", { params: { query: { limit: 100 } } }));
      return jobs.find((job) => !ended(job) && concerns(job, name))?.id ?? null;
    },
    enabled: !known,
    staleTime: 0,
  });
  return known ? null : found.data;
}

/** The work on a dataset, live, and the way to what it made. */
export function Work({ name }: { name: string }) {
  const t = useMessages().data.jobs;
  const { job: id } = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const go = useGo();
  const running = useRunning(name, id !== undefined);
  useEffect(() => {
    if (running) void navigate({ search: (now) => ({ ...now, job: running }), replace: true });
  }, [running, navigate]);
  const job = useQuery({ ...jobQuery(id ?? ""), enabled: id !== undefined });
  const made = refMade(job.data);
  useEffect(() => {
    // a job may have ended before its panel was there to see it end
    if (made) void client.invalidateQueries({ queryKey: ["data", "versions", name] });
  }, [made, name, client]);
  if (!id) return null;
  const kind = job.data?.kind ?? "";
  const report = kind === "data.profile";
  const open = () =>
    made &&
    (report
      ? go({ to: `/data/${encodeURIComponent(nameOf(made))}`, search: { version: made, tab: "health" } })
      : go({ to: `/data/${encodeURIComponent(nameOf(made))}`, search: { version: made } }));
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
          onClick={() => void navigate({ search: (now) => ({ ...now, job: undefined }) })}
        >
          {t.hide}
        </Button>
        {made && (
          <Button size="xs" variant="light" rightSection={<ArrowRight size={14} aria-hidden />} onClick={open}>
            {report ? t.health : t.open}
          </Button>
        )}
      </Group>
    </div>
  );
}

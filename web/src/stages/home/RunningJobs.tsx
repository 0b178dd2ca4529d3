import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { JobPanel } from "@/components/Job";
import { Panel } from "@/components/Page";
import { unfinishedJobsQuery } from "./queries";

/** Show the unfinished jobs. */
export default function RunningJobs() {
  const t = useMessages().home.jobs;
  const jobs = useQuery(unfinishedJobsQuery());
  return (
    <Panel title={t.title}>
      {jobs.data?.length ? (
        jobs.data.slice(0, 5).map((job) => <JobPanel key={job.id} id={job.id} />)
      ) : (
        <Text size="sm" c="dimmed">
          {t.empty}
        </Text>
      )}
    </Panel>
  );
}

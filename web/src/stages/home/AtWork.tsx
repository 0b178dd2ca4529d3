import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { JobPanel } from "@/components/Job";
import { Panel } from "@/components/Page";
import { unfinished } from "./queries";

/** The jobs that have not ended. */
export default function AtWork() {
  const t = useMessages().home.jobs;
  const jobs = useQuery(unfinished());
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

import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, Pause, Play } from "lucide-react";
import { changeJob, type FineTuningJob } from "@/api/fineTuning";
import { useMessages } from "@/app/i18n";
import { Confirm } from "@/components/Confirm";
import { notifyError } from "@/components/notify";
import { FINE_TUNING, hasEnded, jobQuery } from "./queries";

/** Show the buttons that pause, resume and cancel a job. A job that has ended has none. */
export function JobActions({ job }: { job: FineTuningJob }) {
  const t = useMessages().fineTuning;
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (action: "cancel" | "pause" | "resume") => changeJob(job.id, action),
    onError: notifyError,
    onSuccess: (changed) => {
      client.setQueryData(jobQuery(job.id).queryKey, changed);
      void client.invalidateQueries({ queryKey: FINE_TUNING });
    },
  });
  const isPending = (action: string) => change.isPending && change.variables === action;
  if (hasEnded(job)) return null;
  return (
    <>
      {job.status === "paused" ? (
        <Button
          size="sm"
          leftSection={<Play size={15} aria-hidden />}
          loading={isPending("resume")}
          onClick={() => change.mutate("resume")}
        >
          {t.resume}
        </Button>
      ) : (
        <Button
          size="sm"
          variant="default"
          leftSection={<Pause size={15} aria-hidden />}
          title={t.pauseHint}
          loading={isPending("pause")}
          onClick={() => change.mutate("pause")}
        >
          {t.pause}
        </Button>
      )}
      <Confirm title={t.cancelTitle} text={t.cancelText} label={t.cancel} onConfirm={() => change.mutate("cancel")}>
        {(openDialog) => (
          <Button
            size="sm"
            variant="subtle"
            color="red"
            leftSection={<Ban size={15} aria-hidden />}
            loading={isPending("cancel")}
            onClick={openDialog}
          >
            {t.cancel}
          </Button>
        )}
      </Confirm>
    </>
  );
}

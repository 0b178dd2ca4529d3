import { Alert, Modal, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";
import type { Fields, Value } from "../model/definition";
import { InputsForm } from "./InputsForm";
import { initialInputs } from "./initialInputs";
import { startRun } from "./queries";

type Props = {
  name: string;
  inputs: Value;
  /** Text of the pipeline, if it has changes that are not saved. The run then uses it instead of the version. */
  draft?: string;
  onClose: () => void;
};

const INPUTS_KEY = "vong-pipeline-inputs:";

function lastInputs(name: string): Fields {
  try {
    return JSON.parse(sessionStorage.getItem(INPUTS_KEY + name) ?? "{}") as Fields;
  } catch {
    return {};
  }
}

/** Ask for the inputs of a run and start it. The inputs of the last run are filled in. */
export function RunDialog({ name, inputs, draft, onClose }: Props) {
  const { app, pipelineRuns: t } = useMessages();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [values, setValues] = useState(() => initialInputs(inputs, lastInputs(name)));
  const start = useMutation({
    mutationFn: () => startRun(name, values, draft),
    onSuccess: (run) => {
      sessionStorage.setItem(INPUTS_KEY + name, JSON.stringify(values));
      void client.invalidateQueries({ queryKey: ["pipelines", "runs", name] });
      void navigate({ to: "/pipelines/$name/runs/$id", params: { name, id: run.id } });
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.startTitle(name)} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Stack gap="sm">
          {draft !== undefined && (
            <Alert variant="outline" color="yellow" p="xs">
              {t.runsDraft}
            </Alert>
          )}
          <InputsForm inputs={inputs} values={values} onChange={setValues} />
        </Stack>
        <FormActions label={t.start} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

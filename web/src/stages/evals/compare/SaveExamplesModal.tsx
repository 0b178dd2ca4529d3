import { Modal, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";

type Props = {
  opened: boolean;
  onClose: () => void;
  request: Omit<Schema["ChangesToSave"], "dataset">;
  count: number | undefined;
};

/** Ask for the name of a dataset and append the compared examples to it. */
export function SaveExamplesModal({ opened, onClose, request, count }: Props) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const navigate = useNavigate();
  const [dataset, setDataset] = useState("regressions");
  const save = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/evals/compare/dataset", { body: { ...request, dataset } })),
    onSuccess: (version) => {
      notifySuccess(t.saved(`${version.name}@${version.number}`));
      navigate({ to: "/data/$name", params: { name: version.name } } as never);
    },
    onError: notifyError,
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t.save}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput
          label={t.dataset}
          description={count === undefined ? t.saveNote : `${t.saveCount(f.number(count))} ${t.saveNote}`}
          value={dataset}
          onChange={(event) => setDataset(event.currentTarget.value)}
          data-autofocus
        />
        {request.slice && (
          <Text size="xs" c="dimmed" mt="xs">
            {request.slice}
          </Text>
        )}
        <FormActions label={t.save} loading={save.isPending} disabled={!dataset.trim()} onCancel={onClose} />
      </form>
    </Modal>
  );
}

import { Autocomplete, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { notifyError, notifySuccess } from "@/components/notify";
import { modelNames, modelsQuery } from "../queries";

/** Return the text of an error: what failed and the next step. */
const errorText = (error: unknown) =>
  error instanceof ApiError ? [error.title, error.hint].filter(Boolean).join(". ") : undefined;

/** Show the form that lets a model propose questions. */
export function GenerateForm({
  base,
  onClose,
  onJob,
}: {
  base: string;
  onClose: () => void;
  onJob: (job: Schema["Job"]) => void;
}) {
  const { knowledgeQuestions, knowledge, app } = useMessages();
  const t = knowledgeQuestions.generation;
  const models = modelNames(useQuery(modelsQuery).data, "chat");
  const [model, setModel] = useState<string>();
  const [count, setCount] = useState<number | string>(20);
  const [perPassage, setPerPassage] = useState<number | string>(1);
  const selected = model ?? models[0] ?? "";
  const generate = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/knowledge/bases/{base}/questions/generate", {
          params: { path: { base } },
          body: {
            model: selected,
            count: Number(count),
            per_passage: Number(perPassage),
          } as Schema["GenerationSettings"],
        }),
      ),
    onSuccess: (job) => {
      onJob(job);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          generate.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t.text}</Text>
          <Autocomplete
            label={t.model}
            placeholder={knowledge.modelHint}
            data={models}
            limit={30}
            value={selected}
            error={errorText(generate.error)}
            onChange={setModel}
          />
          <FieldRow>
            <NumberInput label={t.count} min={1} max={1000} value={count} onChange={setCount} />
            <NumberInput label={t.perPassage} min={1} max={5} value={perPassage} onChange={setPerPassage} />
          </FieldRow>
        </Stack>
        <FormActions
          label={t.start}
          loading={generate.isPending}
          disabled={!selected || !count || !perPassage}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

/** Show the form that adds questions from rated answers. */
export function TracesForm({ base, onClose }: { base: string; onClose: () => void }) {
  const { knowledgeQuestions, app } = useMessages();
  const t = knowledgeQuestions.traces;
  const f = useFormats();
  const client = useQueryClient();
  const [minScore, setMinScore] = useState<number | string>(0.75);
  const add = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/knowledge/bases/{base}/questions/from-traces", {
          params: { path: { base } },
          body: { min_score: Number(minScore) } as Schema["TraceQuestionsRequest"],
        }),
      ),
    onSuccess: ({ added, changed, unchanged }) => {
      notifySuccess(knowledgeQuestions.result(f.number(added), f.number(changed), f.number(unchanged)));
      void client.invalidateQueries({ queryKey: ["knowledge"] });
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t.text}</Text>
          <NumberInput label={t.minScore} min={0} max={1} step={0.05} value={minScore} onChange={setMinScore} />
        </Stack>
        <FormActions label={t.add} loading={add.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

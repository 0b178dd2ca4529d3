import { Alert, Autocomplete, Modal, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { fieldErrors } from "@/components/fieldErrors";
import { indexesQuery } from "../indexes/queries";
import { modelNames, modelsQuery } from "../queries";
import { parseCutoffs } from "./metrics";
import { questionSetsQuery } from "./queries";

const EVALUABLE = ["live", "ready", "retired"];
const FIELDS = {
  "settings.cutoffs": "cutoffs",
  "settings.model": "model",
  "settings.judge": "judge",
  "settings.limit": "limit",
} as const;
type Input = { index: string; set: string; cutoffs: string; model: string; judge: string; limit: number | string };

/** Show the form that evaluates an index on a question set, with answers and a judge if they are chosen. */
export function EvaluationForm({ base, index, onClose }: { base: string; index?: number; onClose: () => void }) {
  const { knowledgeQuestions, app } = useMessages();
  const t = knowledgeQuestions.evaluation;
  const f = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const indexes = (useQuery(indexesQuery(base)).data ?? []).filter((one) => EVALUABLE.includes(one.state));
  const sets = useQuery(questionSetsQuery(base)).data ?? [];
  const models = modelNames(useQuery(modelsQuery).data, "chat");
  const live = indexes.find((one) => one.state === "live")?.number;
  const form = useForm<Input>({
    initialValues: { index: index ? String(index) : "", set: "", cutoffs: "1, 5, 10", model: "", judge: "", limit: "" },
    validate: { cutoffs: (value) => (parseCutoffs(value) ? null : t.invalidCutoffs) },
  });
  const start = useMutation({
    mutationFn: (values: Input) =>
      unwrap(
        api.POST("/api/v1/knowledge/bases/{base}/evaluations", {
          params: { path: { base } },
          body: {
            index: values.index ? Number(values.index) : null,
            question_set: values.set ? Number(values.set) : null,
            settings: {
              cutoffs: parseCutoffs(values.cutoffs) ?? undefined,
              model: values.model.trim() || null,
              judge: values.judge.trim() || null,
              limit: values.limit ? Number(values.limit) : null,
            } as Schema["EvaluationSettings"],
          },
        }),
      ),
    onSuccess: ({ evaluation }) => {
      void client.invalidateQueries({ queryKey: ["knowledge"] });
      void navigate({ to: "/knowledge/$base/evaluations/$id", params: { base, id: evaluation.id } });
    },
    onError: (error) => form.setErrors(fieldErrors(error, FIELDS)),
  });
  const hasFieldErrors = Object.keys(fieldErrors(start.error, FIELDS)).length > 0;
  const error = start.error instanceof ApiError && !hasFieldErrors ? start.error : null;
  return (
    <Modal opened onClose={onClose} title={t.title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
        <Stack gap="sm">
          <FieldRow>
            <Select
              label={t.index}
              allowDeselect={false}
              data={indexes.map(({ number }) => ({
                value: number === live && index === undefined ? "" : String(number),
                label: number === live ? t.live(f.number(number)) : `${t.index} ${f.number(number)}`,
              }))}
              {...form.getInputProps("index")}
            />
            <Select
              label={t.set}
              allowDeselect={false}
              data={[
                { value: "", label: t.newest },
                ...sets.map((set) => ({
                  value: String(set.number),
                  label: `${knowledgeQuestions.set(f.number(set.number))}, ${knowledgeQuestions.setSize(f.number(set.questions))}`,
                })),
              ]}
              {...form.getInputProps("set")}
            />
          </FieldRow>
          <FieldRow>
            <TextInput label={t.cutoffs} description={t.cutoffsHint} {...form.getInputProps("cutoffs")} />
            <NumberInput label={t.limit} description={t.limitHint} min={1} {...form.getInputProps("limit")} />
          </FieldRow>
          <FieldRow>
            <Autocomplete
              label={t.model}
              description={t.modelHint}
              data={models}
              limit={30}
              {...form.getInputProps("model")}
            />
            <Autocomplete
              label={t.judge}
              description={t.judgeHint}
              data={models}
              limit={30}
              {...form.getInputProps("judge")}
            />
          </FieldRow>
          {error && (
            <Alert color="red" role="alert" title={error.title}>
              {error.hint}
            </Alert>
          )}
        </Stack>
        <FormActions label={t.start} loading={start.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

import { Autocomplete, Button, Checkbox, Group, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Confirm } from "@/components/Confirm";
import { FieldRow, FormSection } from "@/components/FormSection";
import { fieldErrors } from "@/components/fieldErrors";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { answerSettingsQuery, baseQuery } from "../queries";
import {
  ANSWER_FIELDS,
  type AnswerInput,
  answerInput,
  answerSettings,
  type BaseInput,
  baseInput,
  baseSettings,
  GUARDS,
  MASK_KINDS,
  READERS,
  VERIFICATIONS,
} from "./settingsForm";

function Save({ pending }: { pending: boolean }) {
  const t = useMessages().knowledge.settings;
  return (
    <Group>
      <Button type="submit" size="sm" loading={pending}>
        {t.save}
      </Button>
    </Group>
  );
}

function BaseForm({ base, settings }: { base: string; settings: Schema["BaseSettings"] }) {
  const { knowledge, app } = useMessages();
  const t = knowledge.settings;
  const client = useQueryClient();
  const form = useForm<BaseInput>({ initialValues: baseInput(settings) });
  const save = useMutation({
    mutationFn: (values: BaseInput) =>
      unwrap(api.PATCH("/api/v1/knowledge/bases/{base}", { params: { path: { base } }, body: baseSettings(values) })),
    onSuccess: () => notifySuccess(t.saved),
    onError: (error) => {
      const errors = fieldErrors(error, { retention_days: "retention", mask: "mask", readers: "readers" });
      form.setErrors(errors);
      if (!Object.keys(errors).length) notifyError(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge", "base"] }),
  });
  const labels = { everyone: t.readersEveryone, members: t.readersMembers, owners: t.readersOwners };
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <FormSection title={t.ingestion} text={t.ingestionText}>
        <MultiSelect
          label={t.mask}
          description={t.maskHint}
          clearable
          clearButtonProps={{ "aria-label": app.grid.clear }}
          data={MASK_KINDS.map((value) => ({ value, label: t.kinds[value] }))}
          {...form.getInputProps("mask")}
        />
        <FieldRow>
          <NumberInput
            label={t.retention}
            description={t.retentionHint}
            min={1}
            max={36_500}
            {...form.getInputProps("retention")}
          />
          <Select
            label={t.readers}
            description={t.readersHint}
            allowDeselect={false}
            data={READERS.map((value) => ({ value, label: labels[value] }))}
            {...form.getInputProps("readers")}
          />
        </FieldRow>
        <Save pending={save.isPending} />
      </FormSection>
    </form>
  );
}

function useJudgeNames(): string[] {
  const query = useQuery({
    queryKey: ["knowledge", "judges"],
    queryFn: () => unwrap(api.GET("/api/v1/evals/judges")),
  });
  return (query.data ?? []).map(({ judge }) => judge.name);
}

function AnswersForm({ base, settings }: { base: string; settings: Schema["AnswerSettings"] }) {
  const t = useMessages().knowledge.settings;
  const client = useQueryClient();
  const judges = useJudgeNames();
  const form = useForm<AnswerInput>({ initialValues: answerInput(settings) });
  const save = useMutation({
    mutationFn: (values: AnswerInput) =>
      unwrap(
        api.PUT("/api/v1/knowledge/bases/{base}/answer-settings", {
          params: { path: { base } },
          body: answerSettings(settings, values),
        }),
      ),
    onSuccess: () => notifySuccess(t.saved),
    onError: (error) => {
      const errors = fieldErrors(error, ANSWER_FIELDS);
      form.setErrors(errors);
      if (!Object.keys(errors).length) notifyError(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge", "answer-settings"] }),
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <FormSection title={t.answers} text={t.answersText}>
        <FieldRow>
          <NumberInput label={t.limit} description=" " min={1} max={20} {...form.getInputProps("limit")} />
          <NumberInput
            label={t.variants}
            description={t.variantsHint}
            min={1}
            max={5}
            {...form.getInputProps("variants")}
          />
          <NumberInput label={t.maxTokens} description=" " min={16} max={8192} {...form.getInputProps("maxTokens")} />
        </FieldRow>
        <FieldRow>
          <Select
            label={t.verification}
            allowDeselect={false}
            data={VERIFICATIONS.map((value) => ({ value, label: t.verifications[value] }))}
            {...form.getInputProps("mode")}
          />
          <NumberInput
            label={t.minSupported}
            min={0}
            max={1}
            step={0.05}
            disabled={form.values.mode !== "replace"}
            {...form.getInputProps("minSupported")}
          />
        </FieldRow>
        <FieldRow>
          <Select
            label={t.guard}
            description=" "
            allowDeselect={false}
            data={GUARDS.map((value) => ({ value, label: t.guards[value] }))}
            {...form.getInputProps("guard")}
          />
          <Autocomplete label={t.judge} description={t.judgeHint} data={judges} {...form.getInputProps("judge")} />
        </FieldRow>
        <TextInput label={t.noAnswer} description={t.noAnswerHint} {...form.getInputProps("noAnswer")} />
        <Checkbox label={t.rewrite} {...form.getInputProps("rewrite", { type: "checkbox" })} />
        <Save pending={save.isPending} />
      </FormSection>
    </form>
  );
}

function DeleteBase({ base }: { base: string }) {
  const t = useMessages().knowledge.settings;
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: async () => unwrap(api.DELETE("/api/v1/knowledge/bases/{base}", { params: { path: { base } } })),
    onSuccess: async () => {
      await navigate({ to: "/knowledge" });
      client.invalidateQueries({ queryKey: ["knowledge"] });
      notifySuccess(t.deleted(base));
    },
    onError: notifyError,
  });
  return (
    <FormSection title={t.deleteTitle} text={t.deleteText}>
      <Confirm title={t.deleteTitle} text={t.deleteQuestion(base)} label={t.delete} onConfirm={() => remove.mutate()}>
        {(open) => (
          <Group>
            <Button color="red" variant="light" size="sm" loading={remove.isPending} onClick={open}>
              {t.delete}
            </Button>
          </Group>
        )}
      </Confirm>
    </FormSection>
  );
}

/** Show the settings of a base: masking, retention and readers, and the defaults of answers. */
export function SettingsTab({ base }: { base: string }) {
  const details = useQuery(baseQuery(base));
  const answers = useQuery(answerSettingsQuery(base));
  return (
    <Panel>
      <QueryBoundary query={details}>{({ settings }) => <BaseForm base={base} settings={settings} />}</QueryBoundary>
      <QueryBoundary query={answers}>{(settings) => <AnswersForm base={base} settings={settings} />}</QueryBoundary>
      <DeleteBase base={base} />
    </Panel>
  );
}

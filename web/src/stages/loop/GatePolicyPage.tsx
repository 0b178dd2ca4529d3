import { Button, Group, MultiSelect, NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Save, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Confirm } from "@/components/Confirm";
import { FieldRow, FormSection } from "@/components/FormSection";
import { focusFirst, showFieldErrors } from "@/components/fieldErrors";
import { notifyError, notifySuccess } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SaveError } from "@/components/SaveError";
import { GATE_FIELDS, type GateInput, gateBody, gateInput, ROLES } from "./gateForm";
import { gatePoliciesQuery, gatePolicyQuery, suiteNamesQuery } from "./queries";

const page = getRouteApi("/loop/gates/$name");
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const LICENCES = ["apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "gemma", "llama3.1"];
const METRICS = ["recall@5", "recall@10", "mrr", "ndcg@10"];
type Form = UseFormReturnType<GateInput>;

function SubjectFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { gateForm: t, releases } = useMessages();
  const policies = useQuery(gatePoliciesQuery()).data ?? [];
  const isTaken = isNew && policies.some((one) => one.name === form.values.name);
  return (
    <FormSection title={t.subject} text={t.subjectText}>
      {isNew && (
        <TextInput
          label={t.name}
          description={isTaken ? t.nameTaken : t.nameHint}
          data-autofocus
          {...form.getInputProps("name")}
        />
      )}
      <FieldRow>
        <Select
          label={t.kind}
          description={t.kindHint}
          allowDeselect={false}
          data={(Object.keys(releases.kinds) as GateInput["kind"][]).map((value) => ({
            value,
            label: releases.kinds[value],
          }))}
          {...form.getInputProps("kind")}
        />
        <TextInput
          label={t.pattern}
          description={t.patternHints[form.values.kind]}
          {...form.getInputProps("pattern")}
        />
      </FieldRow>
    </FormSection>
  );
}

function SuiteFields({ form }: { form: Form }) {
  const { gateForm: t } = useMessages();
  const suites = useQuery(suiteNamesQuery()).data ?? [];
  return (
    <FormSection title={t.quality} text={t.qualityText}>
      <TagsInput
        label={t.suites}
        description={t.suitesHint}
        data={suites.map((suite) => suite.name)}
        {...form.getInputProps("suites")}
      />
      <FieldRow>
        <NumberInput
          label={t.maxAge}
          description={t.maxAgeHint}
          min={0}
          max={3650}
          {...form.getInputProps("maxAgeDays")}
        />
        <NumberInput
          label={t.sliceAlpha}
          description={t.sliceAlphaHint}
          min={0}
          max={1}
          step={0.01}
          {...form.getInputProps("sliceAlpha")}
        />
      </FieldRow>
      <Switch
        label={t.noWorseSlice}
        description={t.noWorseSliceHint}
        {...form.getInputProps("noWorseSlice", { type: "checkbox" })}
      />
      <Switch
        label={t.judges}
        description={t.judgesHint}
        {...form.getInputProps("calibratedJudges", { type: "checkbox" })}
      />
    </FormSection>
  );
}

function ModelFields({ form }: { form: Form }) {
  const { gateForm: t } = useMessages();
  return (
    <FormSection title={t.model} text={t.modelText}>
      <Switch label={t.parity} description={t.parityHint} {...form.getInputProps("parity", { type: "checkbox" })} />
      <Switch
        label={t.dataHealth}
        description={t.dataHealthHint}
        {...form.getInputProps("dataHealth", { type: "checkbox" })}
      />
      <Switch
        label={t.commercialUse}
        description={t.commercialUseHint}
        {...form.getInputProps("commercialUse", { type: "checkbox" })}
      />
      <TagsInput label={t.licences} description={t.licencesHint} data={LICENCES} {...form.getInputProps("licences")} />
    </FormSection>
  );
}

function IndexFields({ form }: { form: Form }) {
  const { gateForm: t } = useMessages();
  return (
    <FormSection title={t.index} text={t.indexText}>
      <TagsInput
        label={t.retrieval}
        description={t.retrievalHint}
        data={METRICS}
        {...form.getInputProps("retrieval")}
      />
      <FieldRow>
        <NumberInput
          label={t.margin}
          description={t.marginHint}
          min={0}
          step={0.01}
          {...form.getInputProps("retrievalMargin")}
        />
        <NumberInput
          label={t.minQuestions}
          description={t.minQuestionsHint}
          min={1}
          allowDecimal={false}
          {...form.getInputProps("minQuestions")}
        />
      </FieldRow>
    </FormSection>
  );
}

function PeopleFields({ form }: { form: Form }) {
  const { gateForm: t } = useMessages();
  return (
    <FormSection title={t.people} text={t.peopleText}>
      <FieldRow>
        {ROLES.map((role) => (
          <NumberInput
            key={role}
            label={t.approvals[role]}
            description={t.approvalHints[role]}
            min={0}
            max={20}
            allowDecimal={false}
            {...form.getInputProps(role)}
          />
        ))}
      </FieldRow>
      <Switch
        label={t.evidence}
        description={t.evidenceHint}
        {...form.getInputProps("evidenceOrReason", { type: "checkbox" })}
      />
      <MultiSelect
        label={t.override}
        description={t.overrideHint}
        data={ROLES.map((value) => ({ value, label: t.roles[value] }))}
        {...form.getInputProps("overrideRoles")}
      />
    </FormSection>
  );
}

function PolicyForm({ policy }: { policy?: Schema["GatePolicy"] }) {
  const { gateForm: t } = useMessages();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [hasFields, setHasFields] = useState(false);
  const form = useForm<GateInput>({
    initialValues: gateInput(policy),
    validate: {
      name: (value) => (NAME.test(value) ? null : t.nameRule),
      pattern: (value) => (value.trim() ? null : t.required),
      suites: (value, values) =>
        (values.noWorseSlice || values.calibratedJudges) && !value.length ? t.suitesRequired : null,
    },
  });
  const done = (message: string) => {
    void client.invalidateQueries({ queryKey: ["loop", "gates"] });
    notifySuccess(message);
    void navigate({ to: "/loop/gates" });
  };
  const save = useMutation({
    mutationFn: (values: GateInput) =>
      unwrap(
        api.PUT("/api/v1/evals/gates/policies/{name}", {
          params: { path: { name: values.name } },
          body: gateBody(values),
        }),
      ),
    onSuccess: (saved) => done(t.saved(`${saved.name}@${saved.version}`)),
    onError: (error) => setHasFields(showFieldErrors(form, error, GATE_FIELDS)),
  });
  const remove = useMutation({
    mutationFn: (name: string) =>
      unwrap(api.DELETE("/api/v1/evals/gates/policies/{name}", { params: { path: { name } } })),
    onSuccess: (removed) => done(t.removed(removed.name)),
    onError: notifyError,
  });
  return (
    <form
      onSubmit={form.onSubmit(
        (values) => save.mutate(values),
        (errors) => focusFirst(form, errors),
      )}
    >
      <Panel>
        <SubjectFields form={form} isNew={!policy} />
        <SuiteFields form={form} />
        {form.values.kind === "index" ? <IndexFields form={form} /> : <ModelFields form={form} />}
        <PeopleFields form={form} />
        {save.error && <SaveError error={save.error} title={t.failed} hasFields={hasFields} />}
        <Group mt="md">
          <Button type="submit" size="sm" leftSection={<Save size={15} aria-hidden />} loading={save.isPending}>
            {policy ? t.saveVersion(policy.version + 1) : t.create}
          </Button>
          {policy && (
            <Confirm
              title={t.removeTitle(policy.name)}
              text={t.removeText}
              label={t.remove}
              onConfirm={() => remove.mutate(policy.name)}
            >
              {(openDialog) => (
                <Button
                  size="sm"
                  variant="light"
                  color="red"
                  leftSection={<Trash2 size={14} aria-hidden />}
                  loading={remove.isPending}
                  onClick={openDialog}
                >
                  {t.remove}
                </Button>
              )}
            </Confirm>
          )}
        </Group>
      </Panel>
    </form>
  );
}

/** Show the form that creates a gate policy (`new`), or the next version of an existing one. */
export default function GatePolicyPage() {
  const { gateForm: t, releases, app } = useMessages();
  const { name } = page.useParams();
  const isNew = name === "new";
  const query = useQuery({ ...gatePolicyQuery(name), enabled: !isNew });
  return (
    <>
      <PageHeader
        title={isNew ? t.newTitle : name}
        subtitle={isNew ? releases.gatesLead : t.editLead}
        breadcrumbs={[
          { label: app.nav.loop, to: "/loop" },
          { label: releases.gates, to: "/loop/gates" },
        ]}
      />
      <PageBody>
        {isNew ? (
          <PolicyForm />
        ) : (
          <QueryBoundary query={query}>{(policy) => <PolicyForm policy={policy} />}</QueryBoundary>
        )}
      </PageBody>
    </>
  );
}

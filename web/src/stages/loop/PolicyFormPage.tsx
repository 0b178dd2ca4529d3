import { Button, Checkbox, Group } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Save } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormSection } from "@/components/FormSection";
import { focusFirst, showFieldErrors } from "@/components/fieldErrors";
import { notifySuccess } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SaveError } from "@/components/SaveError";
import { LimitFields, ReleaseFields, SourceFields, TrainingFields, TriggerFields } from "./PolicyFields";
import {
  hasNoTrigger,
  POLICY_FIELDS,
  type PolicyInput,
  parseSettings,
  policyDefinition,
  policyInput,
} from "./policyForm";
import { loopPolicyQuery } from "./queries";
import { parseSteps } from "./release";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const DURATION = /^\d+[smhd]$/;

function useValidation() {
  const { policyForm: t, releases } = useMessages();
  const required = (value: string) => (value.trim() ? null : t.required);
  const duration = (value: string) => (DURATION.test(value.trim()) ? null : t.durationRule);
  return {
    name: (value: string) => (NAME.test(value) ? null : t.nameRule),
    route: required,
    dataset: required,
    model: required,
    recipe: required,
    trainSplit: required,
    suite: required,
    metric: required,
    corrections: (_: unknown, values: PolicyInput) => (hasNoTrigger(values) ? t.triggerRequired : null),
    driftEvery: (value: string, values: PolicyInput) => (values.drift ? duration(value) : null),
    every: (value: string, values: PolicyInput) => (values.schedule === "every" ? duration(value) : null),
    cron: (value: string, values: PolicyInput) =>
      values.schedule === "cron" && value.trim().split(/\s+/).length !== 5 ? t.cronRule : null,
    settings: (value: string) => (parseSettings(value) ? null : t.settingsRule),
    steps: (value: string) => (parseSteps(value) ? null : releases.stepsInvalid),
    scorers: (value: string[], values: PolicyInput) =>
      Number(values.shadowPairs) > 0 && !value.length ? t.scorersRequired : null,
    maxPairs: (value: number | string, values: PolicyInput) =>
      Number(value) < Number(values.minPairs) ? t.pairsRule : null,
    coolDown: duration,
    consent: (value: boolean) => (value ? null : t.consentRequired),
  };
}

function PolicyForm({ policy }: { policy?: Schema["LoopPolicy"] }) {
  const { policyForm: t } = useMessages();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [hasFields, setHasFields] = useState(false);
  const form = useForm<PolicyInput>({
    initialValues: policyInput(policy?.name, policy?.definition),
    validate: useValidation(),
  });
  const save = useMutation({
    mutationFn: (values: PolicyInput) =>
      unwrap(
        api.PUT("/api/v1/loop/policies/{name}", {
          params: { path: { name: values.name } },
          body: { definition: policyDefinition(values, policy?.definition), consent: values.consent },
        }),
      ),
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["loop"] });
      notifySuccess(t.saved(saved.name, saved.version));
      void navigate({ to: "/loop/policies/$name", params: { name: saved.name } });
    },
    onError: (error) => setHasFields(showFieldErrors(form, error, POLICY_FIELDS)),
  });
  return (
    <form
      onSubmit={form.onSubmit(
        (values) => save.mutate(values),
        (errors) => focusFirst(form, errors),
      )}
    >
      <Panel>
        <SourceFields form={form} isNew={!policy} />
        <TriggerFields form={form} />
        <TrainingFields form={form} />
        <ReleaseFields form={form} />
        <LimitFields form={form} />
        <FormSection title={t.consentTitle} text={t.consentText}>
          <Checkbox
            label={t.consent}
            description={t.consentHint}
            {...form.getInputProps("consent", { type: "checkbox" })}
          />
          {save.error && <SaveError error={save.error} title={t.failed} hasFields={hasFields} />}
          <Group mt="xs">
            <Button type="submit" size="sm" leftSection={<Save size={15} aria-hidden />} loading={save.isPending}>
              {policy ? t.saveVersion(policy.version + 1) : t.create}
            </Button>
          </Group>
        </FormSection>
      </Panel>
    </form>
  );
}

/** Show the form that creates a loop policy. */
export function NewPolicyPage() {
  const { policyForm: t, app } = useMessages();
  return (
    <>
      <PageHeader title={t.newTitle} subtitle={t.lead} breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]} />
      <PageBody>
        <PolicyForm />
      </PageBody>
    </>
  );
}

/** Show the form that changes a loop policy. */
export function EditPolicyPage() {
  const { policyForm: t, app } = useMessages();
  const { name } = getRouteApi("/loop/policies/$name/edit").useParams();
  const query = useQuery({ ...loopPolicyQuery(name), refetchInterval: false });
  return (
    <>
      <PageHeader
        title={t.editTitle(name)}
        subtitle={t.editLead}
        breadcrumbs={[
          { label: app.nav.loop, to: "/loop" },
          { label: name, to: `/loop/policies/${encodeURIComponent(name)}` },
        ]}
      />
      <PageBody>
        <QueryBoundary query={query}>{(status) => <PolicyForm policy={status.policy} />}</QueryBoundary>
      </PageBody>
    </>
  );
}

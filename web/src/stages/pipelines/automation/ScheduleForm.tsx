import { Autocomplete, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { showFieldErrors } from "@/components/fieldErrors";
import { notifySuccess } from "@/components/notify";
import { SaveError } from "@/components/SaveError";
import type { Fields, Value } from "../model/definition";
import { labelsQuery } from "../queries";
import { initialInputs } from "../runs/initialInputs";
import { type Schedule, webhooksQuery } from "./queries";

const InputsForm = lazy(() => import("../runs/InputsForm").then((module) => ({ default: module.InputsForm })));
const MISSED = ["once", "skip", "all"] as const;
const FIELDS = { name: "name", cron: "cron", time_zone: "timeZone", version: "version", webhook: "webhook" } as const;
/** Paths of the settings in the body of a change. */
const UPDATE_FIELDS = Object.fromEntries(Object.entries(FIELDS).map(([path, field]) => [`settings.${path}`, field]));

type Props = { name: string; inputs: Value; schedule: Schedule | null; onClose: () => void };

/** Create a schedule, or change the settings of one. */
export function ScheduleForm({ name, inputs, schedule, onClose }: Props) {
  const { app, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.schedules;
  const client = useQueryClient();
  const labels = useQuery(labelsQuery(name)).data ?? [];
  const webhooks = (useQuery(webhooksQuery(name)).data ?? []).filter((webhook) => webhook.settings.url);
  const { settings } = schedule ?? {};
  const form = useForm({
    initialValues: {
      name: schedule?.name ?? "",
      cron: settings?.cron ?? "0 7 * * 1-5",
      timeZone: settings?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC",
      missed: settings?.missed ?? "once",
      version: settings?.version ?? "",
      webhook: settings?.webhook ?? "",
      inputs: initialInputs(inputs, (settings?.inputs ?? {}) as Fields),
    },
  });
  const save = useMutation({
    mutationFn: (values: typeof form.values): Promise<Schedule> => {
      const body = {
        cron: values.cron.trim(),
        time_zone: values.timeZone.trim(),
        missed: values.missed,
        version: values.version.trim() || null,
        webhook: values.webhook || null,
        inputs: values.inputs,
      } as Schema["ScheduleSettings"];
      if (schedule)
        return unwrap(
          api.PATCH("/api/v1/pipelines/{name}/schedules/{schedule}", {
            params: { path: { name, schedule: schedule.name } },
            body: { settings: body },
          }),
        );
      return unwrap(
        api.POST("/api/v1/pipelines/{name}/schedules", {
          params: { path: { name } },
          body: { name: values.name.trim(), paused: false, ...body } as Schema["ScheduleCreate"],
        }),
      );
    },
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["pipelines", "schedules", name] });
      notifySuccess(t.saved(saved.name));
      onClose();
    },
    onError: (error) => showFieldErrors(form, error, { ...FIELDS, ...UPDATE_FIELDS }),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={schedule ? t.edit(schedule.name) : t.new}
      size="lg"
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          {!schedule && (
            <TextInput
              label={pipelineAutomation.name}
              description={pipelineAutomation.nameHint}
              required
              data-autofocus
              {...form.getInputProps("name")}
            />
          )}
          <FieldRow>
            <TextInput
              label={t.cron}
              description={t.cronHint}
              required
              classNames={{ input: "mono" }}
              {...form.getInputProps("cron")}
            />
            <Autocomplete
              label={t.timeZone}
              description="IANA"
              required
              limit={40}
              data={Intl.supportedValuesOf("timeZone")}
              {...form.getInputProps("timeZone")}
            />
          </FieldRow>
          <FieldRow>
            <Select
              label={t.missed}
              allowDeselect={false}
              data={MISSED.map((value) => ({ value, label: t.missedOptions[value] }))}
              {...form.getInputProps("missed")}
            />
            <Autocomplete
              label={pipelineAutomation.version}
              placeholder={pipelineAutomation.versionHint}
              data={labels.map((label) => label.label)}
              {...form.getInputProps("version")}
            />
          </FieldRow>
          <Select
            label={t.webhook}
            description={t.webhookHint}
            clearable
            clearButtonProps={{ "aria-label": app.grid.clear }}
            placeholder={t.noWebhook}
            data={webhooks.map((webhook) => webhook.name)}
            {...form.getInputProps("webhook")}
            value={form.values.webhook || null}
            onChange={(webhook) => form.setFieldValue("webhook", webhook ?? "")}
          />
          <Suspense>
            <InputsForm
              inputs={inputs}
              values={form.values.inputs}
              onChange={(values) => form.setFieldValue("inputs", values)}
            />
          </Suspense>
          {save.error && (
            <SaveError error={save.error} title={t.notSaved} hasFields={Object.keys(form.errors).length > 0} />
          )}
        </Stack>
        <FormActions
          label={schedule ? pipelineAutomation.save : t.create}
          loading={save.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

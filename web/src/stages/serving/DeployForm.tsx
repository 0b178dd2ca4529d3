import { Accordion, Modal, NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { showFieldErrors } from "@/components/fieldErrors";
import { notifyError, notifySuccess } from "@/components/notify";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import { DefaultFields, EvaluationFields } from "./DeployFields";
import { DeployPlan } from "./DeployPlan";
import { modelOptions, unusedName } from "./deployment";
import { FIELDS, initialValues, toBody } from "./deployValues";
import { modelsQuery } from "./queries";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const ENGINES = ["xllamacpp", "transformers", "vllm", "embedding"];
/** Common levels of GGUF files, from the largest to the smallest. */
const QUANTIZATIONS = ["f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q3_k_m", "q2_k"];

type Props = {
  /** Initial model of the form. */
  model: string;
  takenNames: string[];
  onClose: () => void;
  onStarted: (started: Schema["DeployResult"]) => void;
};

function DeployFields({
  model,
  takenNames,
  registryModels,
  onClose,
  onStarted,
}: Props & { registryModels: Schema["RegisteredModel"][] }) {
  const t = useMessages().serving.form;
  const { app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const groups = modelOptions(registryModels);
  const values = groups.flatMap((group) => group.items.map((item) => item.value));
  const data = model && !values.includes(model) ? [{ group: t.chosen, items: [model] }, ...groups] : groups;
  const form = useForm({
    initialValues: initialValues(model, takenNames),
    validate: {
      model: (value) => (value ? null : t.modelRequired),
      name: (value) => (NAME.test(value) ? null : t.nameRule),
    },
  });
  const deployModel = useMutation({
    mutationFn: (formValues: typeof form.values) =>
      unwrap(
        api.PUT("/api/v1/serving/deployments/{name}", {
          params: { path: { name: formValues.name } },
          body: toBody(formValues),
        }),
      ),
    onSuccess: (started) => {
      void client.invalidateQueries({ queryKey: ["serving"] });
      const { plan } = started;
      if (plan) notifySuccess(t.plan(f.bytes(plan.required), plan.machine ?? "", f.bytes(plan.available)));
      onStarted(started);
    },
    onError: (error) => {
      if (!showFieldErrors(form, error, FIELDS)) notifyError(error);
    },
  });
  const numberProps = { min: 0, allowDecimal: false, allowNegative: false } as const;
  const isReplacement = takenNames.includes(form.values.name);
  return (
    <form onSubmit={form.onSubmit((formValues) => deployModel.mutate(formValues))}>
      <Stack gap="sm">
        <Select
          label={t.model}
          description={t.modelHint}
          data={data}
          searchable
          allowDeselect={false}
          placeholder="triage:prod"
          data-autofocus={model ? undefined : true}
          {...form.getInputProps("model")}
          onChange={(value) => {
            form.setFieldValue("model", value ?? "");
            if (value && !form.isTouched("name")) form.setFieldValue("name", unusedName(value, takenNames));
          }}
        />
        <TextInput
          label={app.name}
          data-autofocus={model ? true : undefined}
          description={isReplacement ? t.replaces : t.nameHint(form.values.name || "NAME")}
          {...form.getInputProps("name")}
        />
        <FieldRow>
          <Select
            label={t.engine}
            description={t.engineHint}
            data={[{ value: "", label: t.auto }, ...ENGINES]}
            allowDeselect={false}
            {...form.getInputProps("engine")}
          />
          <Select
            label={t.quantization}
            description={t.quantizationHint}
            data={[{ value: "", label: t.auto }, ...QUANTIZATIONS]}
            allowDeselect={false}
            {...form.getInputProps("quantization")}
          />
        </FieldRow>
        <DeployPlan body={toBody(form.values)} onUse={(changes) => form.setValues(changes)} />
        {form.values.model.includes(":") && (
          <Switch label={t.follow} description={t.followHint} {...form.getInputProps("follow", { type: "checkbox" })} />
        )}
        <Switch label={t.parity} description={t.parityHint} {...form.getInputProps("parity", { type: "checkbox" })} />
        <Accordion variant="default" chevronPosition="left" styles={{ label: { fontSize: 13, paddingBlock: 8 } }}>
          <Accordion.Item value="more">
            <Accordion.Control px={0}>{t.more}</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                <FieldRow>
                  <NumberInput
                    label={t.threads}
                    description={t.zero}
                    {...numberProps}
                    {...form.getInputProps("threads")}
                  />
                  <NumberInput
                    label={t.context}
                    description={t.zero}
                    {...numberProps}
                    {...form.getInputProps("context")}
                  />
                </FieldRow>
                <FieldRow>
                  <NumberInput
                    label={t.batch}
                    description={t.batchHint}
                    {...numberProps}
                    {...form.getInputProps("batch")}
                  />
                  <NumberInput
                    label={t.prefix}
                    description={t.prefixHint}
                    suffix=" MB"
                    {...numberProps}
                    {...form.getInputProps("prefix")}
                  />
                </FieldRow>
                <Switch
                  label={t.reproducible}
                  description={t.reproducibleHint}
                  {...form.getInputProps("reproducible", { type: "checkbox" })}
                />
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
          <Accordion.Item value="defaults">
            <Accordion.Control px={0}>{t.defaults}</Accordion.Control>
            <Accordion.Panel>
              <DefaultFields form={form} />
            </Accordion.Panel>
          </Accordion.Item>
          <Accordion.Item value="evaluation">
            <Accordion.Control px={0}>{t.scoring}</Accordion.Control>
            <Accordion.Panel>
              <EvaluationFields form={form} />
            </Accordion.Panel>
          </Accordion.Item>
          <Accordion.Item value="scaling">
            <Accordion.Control px={0}>{t.scaling}</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                <FieldRow>
                  <NumberInput
                    label={t.minReplicas}
                    description={t.minReplicasHint}
                    {...numberProps}
                    min={1}
                    max={64}
                    {...form.getInputProps("minReplicas")}
                  />
                  <NumberInput
                    label={t.maxReplicas}
                    description={t.maxReplicasHint}
                    {...numberProps}
                    min={1}
                    max={64}
                    {...form.getInputProps("maxReplicas")}
                  />
                </FieldRow>
                <FieldRow>
                  <NumberInput
                    label={t.firstToken}
                    description={t.firstTokenHint}
                    suffix=" ms"
                    {...numberProps}
                    {...form.getInputProps("firstToken")}
                  />
                  <NumberInput
                    label={t.queue}
                    description={t.queueHint}
                    {...numberProps}
                    {...form.getInputProps("queue")}
                  />
                </FieldRow>
                <FieldRow>
                  <NumberInput
                    label={t.idle}
                    description={t.idleHint}
                    suffix=" s"
                    {...numberProps}
                    {...form.getInputProps("idle")}
                  />
                  <Select
                    label={t.cluster}
                    description={t.clusterHint}
                    data={[
                      { value: "", label: t.workers },
                      { value: "ray", label: t.ray },
                    ]}
                    allowDeselect={false}
                    {...form.getInputProps("cluster")}
                  />
                </FieldRow>
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
      <FormActions label={t.submit} loading={deployModel.isPending} onCancel={onClose} />
    </form>
  );
}

/** Show a form that deploys a model: model, name and engine settings. */
export function DeployForm(props: Props) {
  const t = useMessages().serving.form;
  const { app } = useMessages();
  const modelList = useQuery(modelsQuery());
  return (
    <Modal opened onClose={props.onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }}>
      {modelList.data ? <DeployFields {...props} registryModels={modelList.data} /> : <LoadingPlaceholder />}
    </Modal>
  );
}

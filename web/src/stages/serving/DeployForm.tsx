import { Accordion, Group, Modal, NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Waiting } from "@/components/Await";
import { FormFoot } from "@/components/FormFoot";
import { failed } from "@/components/notify";
import { freeName, offered } from "./deployment";
import { models } from "./queries";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const MEGABYTE = 1_000_000;

type Props = {
  /** The model that stands in the form already. */
  model: string;
  taken: string[];
  onClose: () => void;
  onStarted: (started: S["Deployed"]) => void;
};

function Form({ model, taken, known, onClose, onStarted }: Props & { known: S["Model"][] }) {
  const t = useMessages().serving.form;
  const { app } = useMessages();
  const client = useQueryClient();
  const groups = offered(known);
  const values = groups.flatMap((group) => group.items.map((item) => item.value));
  const data = model && !values.includes(model) ? [{ group: t.chosen, items: [model] }, ...groups] : groups;
  const form = useForm({
    initialValues: {
      model,
      name: model ? freeName(model, taken) : "",
      engine: "",
      threads: 0,
      context: 0,
      batch: 8,
      prefix: 256,
      parity: true,
    },
    validate: {
      model: (value) => (value ? null : t.needed),
      name: (value) => (NAME.test(value) ? null : t.nameRule),
    },
  });
  const deploy = useMutation({
    mutationFn: (asked: typeof form.values) =>
      ok(
        api.PUT("/api/v1/serving/deployments/{name}", {
          params: { path: { name: asked.name } },
          body: {
            model: asked.model,
            engine: asked.engine || null,
            settings: {
              threads: asked.threads,
              context: asked.context,
              batch: asked.batch,
              prefix_bytes: asked.prefix * MEGABYTE,
              parity: asked.parity ? "required" : "skip",
            },
          },
        }),
      ),
    onSuccess: (started) => {
      void client.invalidateQueries({ queryKey: ["serving"] });
      onStarted(started);
    },
    onError: failed,
  });
  const number = { min: 0, allowDecimal: false, allowNegative: false } as const;
  const replaced = taken.includes(form.values.name);
  return (
    <form onSubmit={form.onSubmit((asked) => deploy.mutate(asked))}>
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
            if (value && !form.isTouched("name")) form.setFieldValue("name", freeName(value, taken));
          }}
        />
        <TextInput
          label={app.name}
          data-autofocus={model ? true : undefined}
          description={replaced ? t.replaces : t.nameHint(form.values.name || "NAME")}
          {...form.getInputProps("name")}
        />
        <Select
          label={t.engine}
          data={[
            { value: "", label: t.auto },
            { value: "transformers", label: "transformers" },
            { value: "xllamacpp", label: "xllamacpp" },
          ]}
          allowDeselect={false}
          {...form.getInputProps("engine")}
        />
        <Switch label={t.parity} description={t.parityHint} {...form.getInputProps("parity", { type: "checkbox" })} />
        <Accordion variant="default" chevronPosition="left" styles={{ label: { fontSize: 13, paddingBlock: 8 } }}>
          <Accordion.Item value="more">
            <Accordion.Control px={0}>{t.more}</Accordion.Control>
            <Accordion.Panel>
              <Group grow align="flex-start">
                <NumberInput label={t.threads} description={t.zero} {...number} {...form.getInputProps("threads")} />
                <NumberInput label={t.context} description={t.zero} {...number} {...form.getInputProps("context")} />
              </Group>
              <Group grow align="flex-start" mt="sm">
                <NumberInput label={t.batch} description={t.batchHint} {...number} {...form.getInputProps("batch")} />
                <NumberInput
                  label={t.prefix}
                  description={t.prefixHint}
                  suffix=" MB"
                  {...number}
                  {...form.getInputProps("prefix")}
                />
              </Group>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
      <FormFoot label={t.submit} loading={deploy.isPending} onCancel={onClose} />
    </form>
  );
}

/** Asks what to serve, under which name and how. */
export function DeployForm(props: Props) {
  const t = useMessages().serving.form;
  const { app } = useMessages();
  const known = useQuery(models());
  return (
    <Modal opened onClose={props.onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }}>
      {known.data ? <Form {...props} known={known.data} /> : <Waiting />}
    </Modal>
  );
}

import {
  Alert,
  Badge,
  Button,
  Group,
  Modal,
  NumberInput,
  PasswordInput,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plug, Trash2 } from "lucide-react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { done, failed } from "@/components/notify";
import { EXAMPLES, KINDS } from "./kinds";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const SHOWN = 24;

/** What a provider answered when it was asked for its models. */
function Answered({ said }: { said: S["ProviderTest"] }) {
  const t = useMessages().gateway.providers;
  const f = useFormats();
  if (!said.reachable)
    return (
      <Alert color="red" role="alert" title={t.unreachable}>
        {said.error}
      </Alert>
    );
  const models = said.models ?? [];
  return (
    <Alert color="teal" role="status" title={t.answered(f.duration(said.latency_ms), f.number(models.length))}>
      <Group gap={4}>
        {models.slice(0, SHOWN).map((model) => (
          <Badge key={model} variant="light" color="gray" tt="none" size="sm">
            {model}
          </Badge>
        ))}
        {models.length > SHOWN && <Text size="xs">{t.moreModels(f.number(models.length - SHOWN))}</Text>}
      </Group>
    </Alert>
  );
}

/** A provider to make, to change, to ask or to remove. Its key is written here and never shown again. */
export function ProviderForm({ known, onClose }: { known: S["ProviderState"] | null; onClose: () => void }) {
  const t = useMessages().gateway.providers;
  const { app } = useMessages();
  const client = useQueryClient();
  const fixed = known?.source === "settings";
  const refresh = () => client.invalidateQueries({ queryKey: ["gateway", "providers"] });
  const form = useForm({
    initialValues: {
      name: known?.name ?? "",
      kind: known?.kind ?? "openai",
      base: known?.base_url ?? "",
      key: "",
      timeout: known?.timeout ?? 120,
      models: known?.listed ?? [],
    },
    validate: {
      name: (value) => (NAME.test(value) ? null : t.nameRule),
      base: (value, { kind }) =>
        /^https?:\/\//.test(value) || (value === "" && KINDS[kind] !== null) ? null : t.baseRule,
    },
  });
  const path = (name: string) => ({ params: { path: { name } } });
  const test = useMutation({
    mutationFn: (name: string) => ok(api.POST("/api/v1/gateway/providers/{name}/test", path(name))),
    onSuccess: refresh,
    onError: failed,
  });
  const save = useMutation({
    mutationFn: ({ name, kind, base, key, timeout, models }: typeof form.values) =>
      ok(
        api.PUT("/api/v1/gateway/providers/{name}", {
          ...path(name),
          body: { kind, base_url: base.trim() || null, timeout, models, ...(key ? { api_key: key } : {}) },
        }),
      ),
    onSuccess: (state) => {
      void refresh();
      void client.invalidateQueries({ queryKey: ["gateway", "models"] });
      form.setFieldValue("key", "");
      done(t.saved(state.name));
      test.mutate(state.name);
    },
    onError: failed,
  });
  const remove = useMutation({
    mutationFn: (name: string) => ok(api.DELETE("/api/v1/gateway/providers/{name}", path(name))),
    onSuccess: () => {
      void refresh();
      onClose();
    },
    onError: failed,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={known ? known.name : t.make}
      size="lg"
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          {fixed && <Alert variant="default">{t.fixed}</Alert>}
          <Group grow align="flex-start">
            <TextInput
              label={app.name}
              description={t.nameHint(form.values.name || "NAME")}
              disabled={Boolean(known)}
              data-autofocus
              {...form.getInputProps("name")}
            />
            <Select
              label={t.kind}
              description={t.kindHint}
              data={Object.keys(KINDS)}
              allowDeselect={false}
              disabled={fixed}
              {...form.getInputProps("kind")}
            />
          </Group>
          <TextInput
            label={t.base}
            description={KINDS[form.values.kind] === null ? t.baseNeeded : t.baseHint}
            placeholder={KINDS[form.values.kind] ?? EXAMPLES[form.values.kind]}
            disabled={fixed}
            {...form.getInputProps("base")}
          />
          {!fixed && (
            <PasswordInput
              label={t.key}
              description={
                known?.key_set
                  ? t.keyKept(known.key ?? "…")
                  : form.values.kind === "bedrock"
                    ? t.keyOfBedrock
                    : t.keyHint
              }
              autoComplete="off"
              visibilityToggleButtonProps={{ "aria-label": t.showKey, "aria-hidden": false, tabIndex: 0 }}
              {...form.getInputProps("key")}
            />
          )}
          {!fixed && (
            <Group grow align="flex-start">
              <TagsInput
                label={t.listed}
                description={t.listedHint}
                clearable
                clearButtonProps={{ "aria-label": t.clear }}
                {...form.getInputProps("models")}
              />
              <NumberInput
                label={t.timeout}
                description={t.timeoutHint}
                min={1}
                max={3600}
                suffix=" s"
                {...form.getInputProps("timeout")}
              />
            </Group>
          )}
          {test.data && <Answered said={test.data} />}
        </Stack>
        <Group justify="space-between" mt="lg">
          <Group gap="xs">
            {known && (
              <Button
                variant="default"
                leftSection={<Plug size={15} aria-hidden />}
                loading={test.isPending}
                onClick={() => test.mutate(known.name)}
              >
                {t.test}
              </Button>
            )}
            {known && !fixed && (
              <Confirm
                title={t.removeTitle(known.name)}
                text={t.removeText}
                label={t.remove}
                onConfirm={() => remove.mutate(known.name)}
              >
                {(ask) => (
                  <Button variant="subtle" color="red" leftSection={<Trash2 size={15} aria-hidden />} onClick={ask}>
                    {t.remove}
                  </Button>
                )}
              </Confirm>
            )}
          </Group>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {app.close}
            </Button>
            {!fixed && (
              <Button type="submit" loading={save.isPending}>
                {app.save}
              </Button>
            )}
          </Group>
        </Group>
      </form>
    </Modal>
  );
}

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
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { notifyError, notifySuccess } from "@/components/notify";
import { EXAMPLE_URLS, PROVIDER_KINDS } from "./kinds";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const MAX_MODELS = 24;

/** Show the result of a provider test. */
function TestResult({ test }: { test: Schema["ProviderTest"] }) {
  const t = useMessages().gateway.providers;
  const f = useFormats();
  if (!test.reachable)
    return (
      <Alert color="red" role="alert" title={t.unreachable}>
        {test.error}
      </Alert>
    );
  const models = test.models ?? [];
  return (
    <Alert color="teal" role="status" title={t.reachableIn(f.duration(test.latency_ms), f.number(models.length))}>
      <Group gap={4}>
        {models.slice(0, MAX_MODELS).map((model) => (
          <Badge key={model} variant="light" color="gray" tt="none" size="sm">
            {model}
          </Badge>
        ))}
        {models.length > MAX_MODELS && <Text size="xs">{t.moreModels(f.number(models.length - MAX_MODELS))}</Text>}
      </Group>
    </Alert>
  );
}

/** Show a form to create, change, test or delete a provider. The API key is write-only. */
export function ProviderForm({ provider, onClose }: { provider: Schema["ProviderState"] | null; onClose: () => void }) {
  const t = useMessages().gateway.providers;
  const { app } = useMessages();
  const client = useQueryClient();
  const isFromSettings = provider?.source === "settings";
  const refresh = () => client.invalidateQueries({ queryKey: ["gateway", "providers"] });
  const form = useForm({
    initialValues: {
      name: provider?.name ?? "",
      kind: provider?.kind ?? "openai",
      base: provider?.base_url ?? "",
      key: "",
      timeout: provider?.timeout ?? 120,
      models: provider?.listed ?? [],
    },
    validate: {
      name: (value) => (NAME.test(value) ? null : t.nameRule),
      base: (value, { kind }) =>
        /^https?:\/\//.test(value) || (value === "" && PROVIDER_KINDS[kind] !== null) ? null : t.baseRule,
    },
  });
  const pathParams = (name: string) => ({ params: { path: { name } } });
  const testProvider = useMutation({
    mutationFn: (name: string) => unwrap(api.POST("/api/v1/gateway/providers/{name}/test", pathParams(name))),
    onSuccess: refresh,
    onError: notifyError,
  });
  const saveProvider = useMutation({
    mutationFn: ({ name, kind, base, key, timeout, models }: typeof form.values) =>
      unwrap(
        api.PUT("/api/v1/gateway/providers/{name}", {
          ...pathParams(name),
          body: { kind, base_url: base.trim() || null, timeout, models, ...(key ? { api_key: key } : {}) },
        }),
      ),
    onSuccess: (state) => {
      void refresh();
      void client.invalidateQueries({ queryKey: ["gateway", "models"] });
      form.setFieldValue("key", "");
      notifySuccess(t.saved(state.name));
      testProvider.mutate(state.name);
    },
    onError: notifyError,
  });
  const removeProvider = useMutation({
    mutationFn: (name: string) => unwrap(api.DELETE("/api/v1/gateway/providers/{name}", pathParams(name))),
    onSuccess: () => {
      void refresh();
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={provider ? provider.name : t.create}
      size="lg"
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form onSubmit={form.onSubmit((values) => saveProvider.mutate(values))}>
        <Stack gap="sm">
          {isFromSettings && <Alert variant="default">{t.fixed}</Alert>}
          <Group grow align="flex-start">
            <TextInput
              label={app.name}
              description={t.nameHint(form.values.name || "NAME")}
              disabled={Boolean(provider)}
              data-autofocus
              {...form.getInputProps("name")}
            />
            <Select
              label={t.kind}
              description={t.kindHint}
              data={Object.keys(PROVIDER_KINDS)}
              allowDeselect={false}
              disabled={isFromSettings}
              {...form.getInputProps("kind")}
            />
          </Group>
          <TextInput
            label={t.base}
            description={PROVIDER_KINDS[form.values.kind] === null ? t.baseNeeded : t.baseHint}
            placeholder={PROVIDER_KINDS[form.values.kind] ?? EXAMPLE_URLS[form.values.kind]}
            disabled={isFromSettings}
            {...form.getInputProps("base")}
          />
          {!isFromSettings && (
            <PasswordInput
              label={t.key}
              description={
                provider?.key_set
                  ? t.keyKept(provider.key ?? "…")
                  : form.values.kind === "bedrock"
                    ? t.keyOfBedrock
                    : t.keyHint
              }
              autoComplete="off"
              visibilityToggleButtonProps={{ "aria-label": t.showKey, "aria-hidden": false, tabIndex: 0 }}
              {...form.getInputProps("key")}
            />
          )}
          {!isFromSettings && (
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
          {testProvider.data && <TestResult test={testProvider.data} />}
        </Stack>
        <Group justify="space-between" mt="lg">
          <Group gap="xs">
            {provider && (
              <Button
                variant="default"
                leftSection={<Plug size={15} aria-hidden />}
                loading={testProvider.isPending}
                onClick={() => testProvider.mutate(provider.name)}
              >
                {t.test}
              </Button>
            )}
            {provider && !isFromSettings && (
              <Confirm
                title={t.removeTitle(provider.name)}
                text={t.removeText}
                label={t.remove}
                onConfirm={() => removeProvider.mutate(provider.name)}
              >
                {(openDialog) => (
                  <Button
                    variant="subtle"
                    color="red"
                    leftSection={<Trash2 size={15} aria-hidden />}
                    onClick={openDialog}
                  >
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
            {!isFromSettings && (
              <Button type="submit" loading={saveProvider.isPending}>
                {app.save}
              </Button>
            )}
          </Group>
        </Group>
      </form>
    </Modal>
  );
}

import { Group, Modal, MultiSelect, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";
import { KeySecret } from "./KeySecret";
import { knowledgeBaseNamesQuery, routesQuery } from "./queries";

const DAY_MS = 86_400_000;
const ENDPOINTS = ["chat", "completions", "embeddings", "messages", "responses", "rerank"];
const PATTERNS = ["deployment/*", "openai/*"];

/** Show a form that creates a key and displays its secret once. */
export function KeyForm({ onClose }: { onClose: () => void }) {
  const { app, gateway, scopes } = useMessages();
  const t = gateway.keys;
  const client = useQueryClient();
  const routes = useInfiniteQuery(routesQuery()).data?.pages.flat() ?? [];
  const knowledgeBases = useQuery(knowledgeBaseNamesQuery()).data ?? [];
  const form = useForm({
    initialValues: {
      name: "",
      role: "member" as Schema["ApiKey"]["role"],
      days: "",
      models: [] as string[],
      endpoints: [] as string[],
      bases: [] as string[],
      tags: [] as string[],
      user: "",
    },
    validate: { name: (value) => (value.trim() ? null : t.required) },
  });
  const { role, models, endpoints, bases } = form.values;
  const isMember = role === "member";
  const createKey = useMutation({
    mutationFn: ({ name, days, tags, user }: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/access/keys", {
          body: {
            name: name.trim(),
            role,
            expires_at: days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null,
            scope: isMember ? { models, endpoints, bases } : null,
            labels: { tags, user: user.trim() || null },
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["gateway", "keys"] }),
    onError: notifyError,
  });
  const secret = createKey.data?.secret;
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret ? t.createdTitle : t.create}
      size="lg"
      closeOnClickOutside={!secret}
      closeButtonProps={{ "aria-label": app.close }}
    >
      {secret ? (
        <KeySecret secret={secret} onClose={onClose} />
      ) : (
        <form onSubmit={form.onSubmit((values) => createKey.mutate(values))}>
          <Stack gap="sm">
            <TextInput label={app.name} description={t.nameHint} data-autofocus {...form.getInputProps("name")} />
            <Group grow align="flex-end">
              <Select
                label={t.role}
                description={t.roleHint[role]}
                allowDeselect={false}
                data={(["member", "viewer", "owner"] as const).map((value) => ({ value, label: t.roles[value] }))}
                {...form.getInputProps("role")}
              />
              <Select
                label={t.expires}
                allowDeselect={false}
                data={[
                  { value: "", label: t.never },
                  ...["30", "90", "365"].map((value) => ({ value, label: t.days(value) })),
                ]}
                {...form.getInputProps("days")}
              />
            </Group>
            {isMember && (
              <>
                <TagsInput
                  label={scopes.models}
                  description={scopes.modelsHint}
                  data={[...routes.map((route) => route.name), ...PATTERNS]}
                  {...form.getInputProps("models")}
                />
                <MultiSelect
                  label={scopes.endpoints}
                  description={scopes.endpointsHint}
                  placeholder={endpoints.length ? undefined : scopes.allEndpoints}
                  data={ENDPOINTS}
                  {...form.getInputProps("endpoints")}
                />
                <TagsInput
                  label={scopes.bases}
                  description={scopes.basesHint}
                  data={knowledgeBases}
                  {...form.getInputProps("bases")}
                />
                {(models.length > 0 || endpoints.length > 0 || bases.length > 0) && (
                  <Text size="xs" c="dimmed">
                    {scopes.scoped}
                  </Text>
                )}
              </>
            )}
            <Group grow align="flex-start">
              <TagsInput label={scopes.tags} description={scopes.tagsHint} {...form.getInputProps("tags")} />
              <TextInput label={scopes.user} description={scopes.userHint} {...form.getInputProps("user")} />
            </Group>
          </Stack>
          <FormActions label={t.submit} loading={createKey.isPending} onCancel={onClose} />
        </form>
      )}
    </Modal>
  );
}

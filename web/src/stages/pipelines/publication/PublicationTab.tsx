import { Button, Group, NumberInput, Select, Stack, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "@/components/Code";
import { Confirm } from "@/components/Confirm";
import { FieldRow, FormSection } from "@/components/FormSection";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { labelsQuery, publicationQuery } from "../queries";
import { ACCESSES, type Access, publicationInput, publishRequest } from "./publicationForm";

type Details = Schema["PublicationDetails"];

/** Show where a pipeline is published, and change it. */
export function PublicationTab({ name }: { name: string }) {
  const query = useQuery(publicationQuery(name));
  return (
    <QueryBoundary query={query}>
      {(publication) => (
        <Stack gap="md">
          {publication && <Addresses publication={publication} />}
          <PublicationForm key={publication?.updated_at ?? "new"} name={name} publication={publication} />
        </Stack>
      )}
    </QueryBoundary>
  );
}

function Addresses({ publication }: { publication: Details }) {
  const t = useMessages().pipelineRuns.publication;
  const curl = `curl ${location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer $VONG_API_KEY" -H "Content-Type: application/json" \\
  -d '{"model": "${publication.model}", "messages": [{"role": "user", "content": "…"}]}'`;
  const rows: [string, string | null | undefined, string?][] = [
    [t.model, publication.model],
    [t.curl, publication.model && curl],
    [t.tool, publication.tool],
    [t.page, publication.page_url],
    [t.embed, publication.embed, publication.csp ? `${t.embedHint} ${publication.csp}` : undefined],
  ];
  return (
    <Panel title={t.where}>
      <Stack gap="sm">
        {rows.map(
          ([label, text, note]) =>
            text && (
              <div key={label}>
                <Text size="sm" fw={500} mb={4}>
                  {label}
                </Text>
                <CodeBlock text={text} label={label} wrap />
                {note && (
                  <Text size="xs" c="dimmed" mt={4}>
                    {note}
                  </Text>
                )}
              </div>
            ),
        )}
      </Stack>
    </Panel>
  );
}

function PublicationForm({ name, publication }: { name: string; publication: Details | null }) {
  const t = useMessages().pipelineRuns.publication;
  const client = useQueryClient();
  const labels = useQuery(labelsQuery(name));
  const form = useForm({ initialValues: publicationInput(publication) });
  const refresh = () => client.invalidateQueries({ queryKey: ["pipelines", "publication", name] });
  const publish = useMutation({
    mutationFn: (body: Schema["PublishRequest"]) =>
      unwrap(api.PUT("/api/v1/pipelines/{name}/publication", { params: { path: { name } }, body })),
    onSuccess: () => {
      notifySuccess(t.published);
      void refresh();
    },
    onError: notifyError,
  });
  const withdraw = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/pipelines/{name}/publication", { params: { path: { name } } })),
    onSuccess: () => {
      notifySuccess(t.withdrawn);
      void refresh();
    },
    onError: notifyError,
  });
  const { values } = form;
  return (
    <Panel>
      <form onSubmit={form.onSubmit((input) => publish.mutate(publishRequest(publication, input)))}>
        <FormSection title={publication ? t.settings : t.none} text={t.noneText}>
          <Select
            label={t.label}
            description={t.labelHint}
            clearable
            clearButtonProps={{ "aria-label": t.label }}
            placeholder={t.newest}
            data={[
              ...new Set([
                ...(labels.data ?? []).map((label) => label.label),
                ...(values.version ? [values.version] : []),
              ]),
            ]}
            {...form.getInputProps("version")}
            value={values.version || null}
            onChange={(version) => form.setFieldValue("version", version ?? "")}
          />
          <Switch label={t.offerModel} {...form.getInputProps("model", { type: "checkbox" })} />
          <Switch label={t.offerTool} {...form.getInputProps("tool", { type: "checkbox" })} />
        </FormSection>
        <FormSection title={t.page} text={t.pageText}>
          <FieldRow>
            <Select
              label={t.access}
              allowDeselect={false}
              data={ACCESSES.map((value) => ({ value, label: t.accesses[value] }))}
              value={values.access}
              onChange={(access) => access && form.setFieldValue("access", access as Access)}
            />
            <TextInput
              label={t.slug}
              placeholder={name}
              disabled={values.access === "off"}
              {...form.getInputProps("slug")}
            />
          </FieldRow>
          {values.access !== "off" && (
            <>
              <FieldRow>
                <TextInput label={t.pageTitle} {...form.getInputProps("title")} />
                <NumberInput
                  label={t.budget}
                  description={t.budgetHint}
                  min={0}
                  required={values.access === "public"}
                  {...form.getInputProps("budget")}
                />
              </FieldRow>
              <TextInput label={t.welcome} {...form.getInputProps("welcome")} />
              <TagsInput label={t.suggestions} description={t.suggestionsHint} {...form.getInputProps("suggestions")} />
              <TagsInput
                label={t.origins}
                description={t.originsHint}
                placeholder="https://shop.example"
                {...form.getInputProps("origins")}
              />
            </>
          )}
          <Group gap="xs">
            <Button type="submit" size="sm" loading={publish.isPending}>
              {publication ? t.save : t.publish}
            </Button>
            {publication && (
              <Confirm
                title={t.unpublishTitle}
                text={t.unpublishText}
                label={t.unpublish}
                onConfirm={() => withdraw.mutate()}
              >
                {(open) => (
                  <Button size="sm" variant="light" color="red" loading={withdraw.isPending} onClick={open}>
                    {t.unpublish}
                  </Button>
                )}
              </Confirm>
            )}
          </Group>
        </FormSection>
      </form>
    </Panel>
  );
}

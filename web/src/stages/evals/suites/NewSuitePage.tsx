import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { choicesQuery } from "../queries";
import { missingOptions } from "../ScorerPicker";
import { EntryFields } from "./EntryFields";
import { newEntry, type SuiteInput, toEntry } from "./entryForm";

/** Show the form that creates a suite, or the next version of one with the same name. */
export default function NewSuitePage() {
  const { suites: t } = useMessages();
  const navigate = useNavigate();
  const query = useQuery(choicesQuery);
  const required = (value: string) => (value.trim() ? null : t.required);
  const form = useForm<SuiteInput>({
    initialValues: { name: "", description: "", entries: [newEntry()] },
    validate: {
      name: required,
      entries: {
        dataset: required,
        split: required,
        thresholds: {
          scorer: required,
          bound: (value) => (value === "" ? t.required : null),
        },
      },
    },
  });
  const create = useMutation({
    mutationFn: ({ name, description, entries }: SuiteInput) =>
      unwrap(
        api.POST("/api/v1/evals/suites", {
          body: { name: name.trim(), description, entries: entries.map(toEntry) } as never,
        }),
      ),
    onSuccess: (suite) => navigate({ to: "/evals/suites/$name", params: { name: suite.name } }),
    onError: notifyError,
  });
  return (
    <>
      <PageHeader title={t.new} subtitle={t.lead} breadcrumbs={[{ label: t.title, to: "/evals/suites" }]} />
      <PageBody>
        <QueryBoundary query={query} lines={10}>
          {({ datasets, scorers }) => {
            const isIncomplete = form.values.entries.some(
              (entry) => !entry.scorers.length || missingOptions(entry.scorers, scorers).length > 0,
            );
            return (
              <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
                <Stack gap="md" maw={920}>
                  <Panel>
                    <Stack gap="md">
                      <TextInput
                        label={t.name}
                        description={t.nameHint}
                        data-autofocus
                        {...form.getInputProps("name")}
                      />
                      <TextInput label={t.description} {...form.getInputProps("description")} />
                    </Stack>
                  </Panel>
                  {form.values.entries.map((entry, index) => (
                    <EntryFields key={entry.key} form={form} index={index} datasets={datasets} scorers={scorers} />
                  ))}
                  <Group justify="space-between">
                    <Button
                      variant="default"
                      size="sm"
                      leftSection={<Plus size={14} aria-hidden />}
                      onClick={() => form.insertListItem("entries", newEntry())}
                    >
                      {t.addEntry}
                    </Button>
                    <Button type="submit" size="sm" loading={create.isPending} disabled={isIncomplete}>
                      {t.create}
                    </Button>
                  </Group>
                </Stack>
              </form>
            );
          }}
        </QueryBoundary>
      </PageBody>
    </>
  );
}

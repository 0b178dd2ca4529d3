import { Autocomplete, Button, Group, NumberInput, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { choicesQuery } from "../queries";
import { parseThresholds } from "./thresholds";

/** Show the form that creates a suite with one entry. Further entries are added with a file. */
export default function NewSuitePage() {
  const { suites: t, app } = useMessages();
  const navigate = useNavigate();
  const choices = useQuery(choicesQuery).data;
  const required = (value: string) => (value.trim() ? null : t.required);
  const form = useForm({
    initialValues: {
      name: "",
      description: "",
      dataset: "",
      split: "test",
      scorers: ["exact_match"],
      slices: ["language", "length"],
      repeats: 1,
      thresholds: "",
    },
    validate: {
      name: required,
      dataset: required,
      split: required,
      thresholds: (value) => (parseThresholds(value) ? null : t.badThreshold),
    },
  });
  const create = useMutation({
    mutationFn: ({ name, description, thresholds, ...entry }: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/evals/suites", {
          body: { name, description, entries: [{ ...entry, thresholds: parseThresholds(thresholds) ?? [] }] } as never,
        }),
      ),
    onSuccess: (suite) => navigate({ to: "/evals/suites/$name", params: { name: suite.name } }),
    onError: notifyError,
  });
  const dataset = choices?.datasets.find((one) => one.name === form.values.dataset.split("@")[0]);
  return (
    <>
      <PageHeader title={t.new} subtitle={t.lead} breadcrumbs={[{ label: t.title, to: "/evals/suites" }]} />
      <PageBody>
        <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
          <Panel>
            <Stack gap="md" maw={720}>
              <TextInput label={t.name} data-autofocus {...form.getInputProps("name")} />
              <TextInput label={t.description} {...form.getInputProps("description")} />
              <Group grow align="flex-start">
                <Autocomplete
                  label={t.dataset}
                  data={(choices?.datasets ?? []).map((one) => `${one.name}@${one.number}`)}
                  {...form.getInputProps("dataset")}
                />
                <Autocomplete
                  label={t.split}
                  data={Object.keys(dataset?.splits ?? {})}
                  {...form.getInputProps("split")}
                />
              </Group>
              <TagsInput
                label={t.scorers}
                data={(choices?.scorers ?? []).map((one) => one.name)}
                {...form.getInputProps("scorers")}
              />
              <Group grow align="flex-start">
                <TagsInput label={t.slices} description={t.slicesHint} {...form.getInputProps("slices")} />
                <NumberInput
                  label={t.repeats}
                  description={app.nav.evals}
                  min={1}
                  max={20}
                  {...form.getInputProps("repeats")}
                />
              </Group>
              <Textarea
                label={t.thresholds}
                description={t.thresholdsHint}
                autosize
                minRows={3}
                {...form.getInputProps("thresholds")}
              />
              <Group>
                <Button type="submit" size="sm" leftSection={<Plus size={14} aria-hidden />} loading={create.isPending}>
                  {t.create}
                </Button>
              </Group>
            </Stack>
          </Panel>
        </form>
      </PageBody>
    </>
  );
}

import { Autocomplete, Button, Group, NumberInput, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Await } from "@/components/Await";
import { Columns } from "@/components/Columns";
import { failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { choicesQuery } from "./queries";

const page = getRouteApi("/evals/new");
type Choices = { models: S["CallableModel"][]; datasets: S["DatasetVersion"][]; scorers: S["ScorerInfo"][] };
type Values = {
  model: string;
  dataset: string;
  split: string;
  scorers: string[];
  name: string;
  shots: number | "";
  limit: number | "";
  max_tokens: number | "";
  system: string;
};

/** What is sent: empty fields are left to the server's defaults. */
function wanted({ model, dataset, split, scorers, name, shots, limit, max_tokens, system }: Values): S["EvalWanted"] {
  const number = (value: number | "") => (value === "" ? undefined : value);
  const settings = {
    ...(number(shots) !== undefined && { shots: number(shots) }),
    ...(number(limit) !== undefined && { limit: number(limit) }),
    ...(number(max_tokens) !== undefined && { max_tokens: number(max_tokens) }),
    ...(system && { system }),
  };
  return { model, dataset, split, scorers, ...(name && { name }), settings } as S["EvalWanted"];
}

function Form({ choices }: { choices: Choices }) {
  const { form: t, scorersAbout } = useMessages().evals;
  const search = page.useSearch();
  const navigate = useNavigate();
  const needed = (value: string) => (value.trim() ? null : t.needed);
  const newest = choices.datasets[0];
  const form = useForm<Values>({
    initialValues: {
      model: search.model ?? "",
      dataset: search.dataset ?? (newest ? `${newest.name}@${newest.number}` : ""),
      split: search.split ?? "test",
      scorers: ["exact_match"],
      name: "",
      shots: 0,
      limit: "",
      max_tokens: 256,
      system: "",
    },
    validate: { model: needed, dataset: needed, split: needed },
  });
  const start = useMutation({
    mutationFn: (values: Values) => ok(api.POST("/api/v1/evals/runs", { body: wanted(values) })),
    onSuccess: ({ result }) => navigate({ to: "/evals/$id", params: { id: result.id } }),
    onError: failed,
  });
  const chosen = choices.datasets.find((one) => one.name === form.values.dataset.split("@")[0]);
  return (
    <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
      <Columns
        main={
          <Panel>
            <Stack gap="md">
              <Autocomplete
                label={t.model}
                description={t.modelHint}
                data={choices.models.map((one) => one.name)}
                limit={30}
                data-autofocus
                {...form.getInputProps("model")}
              />
              <Group grow align="flex-start">
                <Autocomplete
                  label={t.dataset}
                  description={t.datasetHint}
                  data={choices.datasets.map((one) => `${one.name}@${one.number}`)}
                  {...form.getInputProps("dataset")}
                />
                <Autocomplete
                  label={t.split}
                  description={t.splitHint}
                  data={Object.keys(chosen?.splits ?? {})}
                  {...form.getInputProps("split")}
                />
              </Group>
              <TagsInput
                label={t.scorers}
                description={t.scorersHint}
                data={choices.scorers.map((one) => one.name)}
                {...form.getInputProps("scorers")}
              />
              <Group grow align="flex-start">
                <NumberInput
                  label={t.shots}
                  description={t.shotsHint}
                  min={0}
                  max={64}
                  {...form.getInputProps("shots")}
                />
                <NumberInput label={t.limit} description={t.limitHint} min={1} {...form.getInputProps("limit")} />
                <NumberInput label={t.maxTokens} min={1} {...form.getInputProps("max_tokens")} />
              </Group>
              <Textarea
                label={t.system}
                description={t.systemHint}
                autosize
                minRows={2}
                maxRows={8}
                {...form.getInputProps("system")}
              />
              <TextInput label={t.name} {...form.getInputProps("name")} />
              <Group>
                <Button type="submit" size="sm" leftSection={<Play size={14} aria-hidden />} loading={start.isPending}>
                  {t.start}
                </Button>
              </Group>
            </Stack>
          </Panel>
        }
        side={
          <Panel title={t.about}>
            <Stack gap="sm">
              {choices.scorers.map((one) => (
                <div key={one.name}>
                  <Text size="sm" fw={500}>
                    {one.name}
                  </Text>
                  <Text size="xs" c="dimmed" lineClamp={4}>
                    {scorersAbout[one.name] ?? one.about}
                  </Text>
                </div>
              ))}
            </Stack>
          </Panel>
        }
      />
    </form>
  );
}

/** Choose a model, a split and the scorers, and start. */
export default function NewEvalPage() {
  const { evals: t, app } = useMessages();
  const query = useQuery(choicesQuery);
  return (
    <>
      <PageHeader title={t.form.title} sub={t.form.lead} crumbs={[{ label: app.nav.evals, to: "/evals" }]} />
      <PageBody>
        <Await query={query} lines={10}>
          {(choices) => <Form choices={choices} />}
        </Await>
      </PageBody>
    </>
  );
}

import { Autocomplete, Button, Group, NumberInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Columns } from "@/components/Columns";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "./evals.module.css";
import { choicesQuery } from "./queries";
import { type ChosenScorer, missingOptions, ScorerPicker, toSpecs } from "./ScorerPicker";

const page = getRouteApi("/evals/new");
type Choices = {
  models: Schema["CallableModel"][];
  datasets: Schema["DatasetVersion"][];
  scorers: Schema["ScorerInfo"][];
};
type Values = {
  model: string;
  dataset: string;
  split: string;
  scorers: ChosenScorer[];
  name: string;
  shots: number | "";
  limit: number | "";
  max_tokens: number | "";
  system: string;
};

const HINT_BELOW: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];

/** Return the request body. Empty fields use the server's defaults. */
function toRequest({
  model,
  dataset,
  split,
  scorers,
  name,
  shots,
  limit,
  max_tokens,
  system,
}: Values): Schema["EvalRequest"] {
  const number = (value: number | "") => (value === "" ? undefined : value);
  const settings = {
    ...(number(shots) !== undefined && { shots: number(shots) }),
    ...(number(limit) !== undefined && { limit: number(limit) }),
    ...(number(max_tokens) !== undefined && { max_tokens: number(max_tokens) }),
    ...(system && { system }),
  };
  return { model, dataset, split, scorers: toSpecs(scorers), ...(name && { name }), settings } as Schema["EvalRequest"];
}

function Form({ choices }: { choices: Choices }) {
  const { form: t, scorersAbout } = useMessages().evals;
  const search = page.useSearch();
  const navigate = useNavigate();
  const required = (value: string) => (value.trim() ? null : t.required);
  const newestDataset = choices.datasets[0];
  const form = useForm<Values>({
    initialValues: {
      model: search.model ?? "",
      dataset: search.dataset ?? (newestDataset ? `${newestDataset.name}@${newestDataset.number}` : ""),
      split: search.split ?? "test",
      scorers: [{ name: "exact_match", options: {} }],
      name: "",
      shots: 0,
      limit: "",
      max_tokens: 256,
      system: "",
    },
    validate: { model: required, dataset: required, split: required },
  });
  const start = useMutation({
    mutationFn: (values: Values) => unwrap(api.POST("/api/v1/evals/runs", { body: toRequest(values) })),
    onSuccess: ({ result }) => navigate({ to: "/evals/$id", params: { id: result.id } }),
    onError: notifyError,
  });
  const selectedDataset = choices.datasets.find((candidate) => candidate.name === form.values.dataset.split("@")[0]);
  const isIncomplete =
    form.values.scorers.length === 0 || missingOptions(form.values.scorers, choices.scorers).length > 0;
  return (
    <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
      <Columns
        main={
          <Panel>
            <Stack gap="md">
              <Autocomplete
                label={t.model}
                description={t.modelHint}
                data={choices.models.map((candidate) => candidate.name)}
                limit={30}
                data-autofocus
                {...form.getInputProps("model")}
              />
              <Group grow align="flex-start">
                <Autocomplete
                  label={t.dataset}
                  description={t.datasetHint}
                  data={choices.datasets.map((candidate) => `${candidate.name}@${candidate.number}`)}
                  {...form.getInputProps("dataset")}
                />
                <Autocomplete
                  label={t.split}
                  description={t.splitHint}
                  data={Object.keys(selectedDataset?.splits ?? {})}
                  {...form.getInputProps("split")}
                />
              </Group>
              <ScorerPicker
                scorers={choices.scorers}
                value={form.values.scorers}
                onChange={(chosen) => form.setFieldValue("scorers", chosen)}
              />
              <Group grow align="flex-start">
                <NumberInput
                  label={t.fewShot}
                  inputWrapperOrder={HINT_BELOW}
                  description={t.fewShotHint}
                  min={0}
                  max={64}
                  {...form.getInputProps("shots")}
                />
                <NumberInput
                  label={t.limit}
                  inputWrapperOrder={HINT_BELOW}
                  description={t.limitHint}
                  min={1}
                  {...form.getInputProps("limit")}
                />
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
                <Button
                  type="submit"
                  size="sm"
                  leftSection={<Play size={14} aria-hidden />}
                  loading={start.isPending}
                  disabled={isIncomplete}
                >
                  {t.start}
                </Button>
              </Group>
            </Stack>
          </Panel>
        }
        side={
          <Panel title={t.scorerReference}>
            <Stack gap="sm" className={c.reference} tabIndex={0} role="region" aria-label={t.scorerReference}>
              {choices.scorers.map((candidate) => (
                <div key={candidate.name}>
                  <Text size="sm" fw={500}>
                    {candidate.name}
                  </Text>
                  <Text size="xs" c="dimmed" lineClamp={2}>
                    {scorersAbout[candidate.name] ?? candidate.about.split("\n\n")[0]}
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

/** Show the form that starts an evaluation: model, split and scorers. */
export default function NewEvalPage() {
  const { evals: t, app } = useMessages();
  const query = useQuery(choicesQuery);
  return (
    <>
      <PageHeader title={t.form.title} subtitle={t.form.lead} breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]} />
      <PageBody>
        <QueryBoundary query={query} lines={10}>
          {(choices) => <Form choices={choices} />}
        </QueryBoundary>
      </PageBody>
    </>
  );
}

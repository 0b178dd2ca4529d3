import { Autocomplete, Button, Group, Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Columns } from "@/components/Columns";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Estimate } from "./Estimate";
import { changedSettings, recipeOptions, schemaFields } from "./fields";
import { choicesQuery, runQuery } from "./queries";
import { SettingGroups } from "./SettingGroups";
import c from "./training.module.css";

const page = getRouteApi("/training/new");
type Choices = {
  recipes: Schema["RecipeInfo"][];
  models: Schema["RegisteredModel"][];
  datasets: Schema["DatasetVersion"][];
};

function Form({ choices, template }: { choices: Choices; template?: Schema["TrainingRun"] }) {
  const { form: t, recipes, plan, recipeTexts } = useMessages().training;
  const search = page.useSearch();
  const navigate = useNavigate();
  const recipe =
    choices.recipes.find((candidate) => candidate.name === (template?.recipe ?? "sft")) ?? choices.recipes[0];
  const [recipeName, setRecipeName] = useState(recipe?.name ?? "");
  const fields = schemaFields(
    choices.recipes.find((candidate) => candidate.name === recipeName)?.settings_schema ?? {},
  );
  const hasBase = choices.recipes.find((candidate) => candidate.name === recipeName)?.needs_base !== false;
  const [values, setValues] = useState<Record<string, unknown>>(() => ({
    ...Object.fromEntries(fields.map((field) => [field.name, field.initial])),
    ...template?.settings,
  }));
  /** Select a recipe: changed settings that it has too are kept, all others get its defaults. */
  const selectRecipe = (name: string) => {
    const next = schemaFields(choices.recipes.find((candidate) => candidate.name === name)?.settings_schema ?? {});
    const changed = changedSettings(fields, values);
    setRecipeName(name);
    setValues(
      Object.fromEntries(
        next.map((field) => [field.name, field.name in changed ? changed[field.name] : field.initial]),
      ),
    );
  };
  const [isAuto, setAuto] = useState(false);
  const apply = ({ auto, ...changes }: Record<string, unknown>) => {
    if (auto !== undefined) setAuto(Boolean(auto));
    setValues((previous) => ({ ...previous, ...changes }));
  };
  const bases = choices.models.map((model) => model.name);
  const firstBase = choices.models.find(
    (model) => model.newest.kind === "base" && model.newest.format === "safetensors",
  );
  const newestDataset =
    choices.datasets.find((candidate) => "train" in (candidate.splits ?? {})) ?? choices.datasets[0];
  const required = (value: string) => (value.trim() ? null : t.required);
  const form = useForm({
    initialValues: {
      name: search.name ?? template?.name ?? "mine",
      base: search.base ?? template?.base ?? firstBase?.name ?? "",
      dataset:
        search.dataset ?? template?.dataset ?? (newestDataset ? `${newestDataset.name}@${newestDataset.number}` : ""),
      train_split: "train",
      validation_split: "validation",
    },
    validate: { name: required, base: (value) => (hasBase ? required(value) : null), dataset: required },
  });
  const request = {
    ...form.values,
    base: hasBase ? form.values.base : undefined,
    recipe: recipeName,
    settings: changedSettings(fields, values),
    auto: isAuto,
  } as Schema["TrainingRequest"];
  const [debouncedRequest] = useDebouncedValue(request, 500);
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/training/runs", { body: request })),
    onSuccess: ({ run }) => navigate({ to: "/training/runs/$id", params: { id: run.id } }),
    onError: notifyError,
  });
  const dataset = choices.datasets.find((candidate) => candidate.name === form.values.dataset.split("@")[0]);
  const splits = Object.keys(dataset?.splits ?? {});
  return (
    <form onSubmit={form.onSubmit(() => start.mutate())}>
      <Columns
        main={
          <>
            <Panel>
              <div className={c.fields}>
                <TextInput label={t.name} description={t.nameHint} data-autofocus {...form.getInputProps("name")} />
                <Select
                  label={t.recipe}
                  description={
                    recipes[recipeName] ??
                    choices.recipes.find((candidate) => candidate.name === recipeName)?.description
                  }
                  allowDeselect={false}
                  data={recipeOptions(
                    choices.recipes.map((candidate) => candidate.name),
                    recipeTexts,
                  )}
                  value={recipeName}
                  onChange={(value) => selectRecipe(value ?? recipeName)}
                />
                {hasBase && <Autocomplete label={t.base} data={bases} {...form.getInputProps("base")} />}
                <Autocomplete
                  label={t.dataset}
                  data={choices.datasets.map((candidate) => `${candidate.name}@${candidate.number}`)}
                  {...form.getInputProps("dataset")}
                />
                <Autocomplete label={t.trainSplit} data={splits} {...form.getInputProps("train_split")} />
                <Autocomplete label={t.validationSplit} data={splits} {...form.getInputProps("validation_split")} />
              </div>
            </Panel>
            <Switch
              label={plan.auto}
              description={plan.autoHint}
              checked={isAuto}
              onChange={(event) => setAuto(event.currentTarget.checked)}
            />
            <SettingGroups fields={fields} values={values} onApply={apply} />
          </>
        }
        side={
          <>
            <Estimate request={debouncedRequest} onApply={apply} />
            <Group>
              <Button type="submit" fullWidth leftSection={<Play size={15} aria-hidden />} loading={start.isPending}>
                {t.submit}
              </Button>
            </Group>
          </>
        }
      />
    </form>
  );
}

/** Show the form that starts a training run, with its estimate. */
export default function NewRunPage() {
  const { training: t, app } = useMessages();
  const { like } = page.useSearch();
  const choices = useQuery(choicesQuery);
  const templateQuery = useQuery({ ...runQuery(like ?? ""), enabled: Boolean(like) });
  return (
    <>
      <PageHeader
        title={t.form.title}
        subtitle={t.form.lead}
        breadcrumbs={[{ label: app.nav.training, to: "/training" }]}
      />
      <PageBody>
        <QueryBoundary query={choices} lines={10}>
          {(data) =>
            like && !templateQuery.data ? (
              <QueryBoundary query={templateQuery}>{() => null}</QueryBoundary>
            ) : (
              <Form choices={data} template={templateQuery.data} />
            )
          }
        </QueryBoundary>
      </PageBody>
    </>
  );
}

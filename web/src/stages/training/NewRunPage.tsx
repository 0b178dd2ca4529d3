import { Autocomplete, Button, Collapse, Group, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Play } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Await } from "@/components/Await";
import { Columns } from "@/components/Columns";
import { failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { Estimate } from "./Estimate";
import { COMMON, changed, type Field, fieldsOf } from "./fields";
import { choicesQuery, runQuery } from "./queries";
import { SettingField } from "./SettingField";
import c from "./training.module.css";

const page = getRouteApi("/training/new");
type Choices = { recipes: S["RecipeInfo"][]; models: S["Model"][]; datasets: S["DatasetVersion"][] };

function Settings({
  fields,
  values,
  set,
}: {
  fields: Field[];
  values: Record<string, unknown>;
  set: (name: string, value: unknown) => void;
}) {
  const t = useMessages().training.form;
  const [all, setAll] = useState(false);
  const shown = (some: Field[]) => (
    <div className={c.fields}>
      {some.map((field) => (
        <SettingField
          key={field.name}
          field={field}
          value={values[field.name] ?? null}
          onChange={(value) => set(field.name, value)}
        />
      ))}
    </div>
  );
  return (
    <Stack gap="md">
      {shown(fields.filter((field) => COMMON.includes(field.name)))}
      <Button
        size="xs"
        variant="subtle"
        style={{ alignSelf: "flex-start" }}
        aria-expanded={all}
        rightSection={all ? <ChevronUp size={14} aria-hidden /> : <ChevronDown size={14} aria-hidden />}
        onClick={() => setAll(!all)}
      >
        {all ? t.less : t.more}
      </Button>
      <Collapse expanded={all}>{shown(fields.filter((field) => !COMMON.includes(field.name)))}</Collapse>
    </Stack>
  );
}

function Form({ choices, like }: { choices: Choices; like?: S["Run"] }) {
  const { form: t, recipes } = useMessages().training;
  const search = page.useSearch();
  const navigate = useNavigate();
  const recipe = choices.recipes.find((one) => one.name === like?.recipe) ?? choices.recipes[0];
  const [chosen, setChosen] = useState(recipe?.name ?? "");
  const fields = fieldsOf(choices.recipes.find((one) => one.name === chosen)?.settings_schema ?? {});
  const [values, setValues] = useState<Record<string, unknown>>(() => ({
    ...Object.fromEntries(fields.map((field) => [field.name, field.initial])),
    ...like?.settings,
  }));
  const bases = choices.models.map((model) => model.name);
  const first = choices.models.find((model) => model.newest.kind === "base" && model.newest.format === "safetensors");
  const newest = choices.datasets.find((one) => "train" in (one.splits ?? {})) ?? choices.datasets[0];
  const needed = (value: string) => (value.trim() ? null : t.needed);
  const form = useForm({
    initialValues: {
      name: search.name ?? like?.name ?? "mine",
      base: search.base ?? like?.base ?? first?.name ?? "",
      dataset: search.dataset ?? like?.dataset ?? (newest ? `${newest.name}@${newest.number}` : ""),
      train_split: "train",
      validation_split: "validation",
    },
    validate: { name: needed, base: needed, dataset: needed },
  });
  const wanted = { ...form.values, recipe: chosen, settings: changed(fields, values) } as S["TrainingWanted"];
  const [asked] = useDebouncedValue(wanted, 500);
  const start = useMutation({
    mutationFn: () => ok(api.POST("/api/v1/training/runs", { body: wanted })),
    onSuccess: ({ run }) => navigate({ to: "/training/runs/$id", params: { id: run.id } }),
    onError: failed,
  });
  const dataset = choices.datasets.find((one) => one.name === form.values.dataset.split("@")[0]);
  const splits = Object.keys(dataset?.splits ?? {});
  return (
    <form onSubmit={form.onSubmit(() => start.mutate())}>
      <Columns
        main={
          <>
            <Panel>
              <div className={c.fields}>
                <TextInput label={t.name} description={t.nameHint} data-autofocus {...form.getInputProps("name")} />
                <Autocomplete label={t.base} data={bases} {...form.getInputProps("base")} />
                <Autocomplete
                  label={t.dataset}
                  data={choices.datasets.map((one) => `${one.name}@${one.number}`)}
                  {...form.getInputProps("dataset")}
                />
                <Autocomplete label={t.trainSplit} data={splits} {...form.getInputProps("train_split")} />
                <Autocomplete label={t.validationSplit} data={splits} {...form.getInputProps("validation_split")} />
                <Select
                  label={t.recipe}
                  description={recipes[chosen] ?? choices.recipes.find((one) => one.name === chosen)?.description}
                  allowDeselect={false}
                  data={choices.recipes.map((one) => one.name)}
                  value={chosen}
                  onChange={(value) => setChosen(value ?? chosen)}
                />
              </div>
            </Panel>
            <Panel>
              <Settings
                fields={fields}
                values={values}
                set={(name, value) => setValues((had) => ({ ...had, [name]: value }))}
              />
            </Panel>
          </>
        }
        side={
          <>
            <Estimate wanted={asked} />
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

/** Choose what to teach from what, see what it takes, and start. */
export default function NewRunPage() {
  const { training: t, app } = useMessages();
  const { like } = page.useSearch();
  const choices = useQuery(choicesQuery);
  const model = useQuery({ ...runQuery(like ?? ""), enabled: Boolean(like) });
  return (
    <>
      <PageHeader title={t.form.title} sub={t.form.lead} crumbs={[{ label: app.nav.training, to: "/training" }]} />
      <PageBody>
        <Await query={choices} lines={10}>
          {(found) =>
            like && !model.data ? <Await query={model}>{() => null}</Await> : <Form choices={found} like={model.data} />
          }
        </Await>
      </PageBody>
    </>
  );
}

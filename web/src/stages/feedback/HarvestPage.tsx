import {
  Alert,
  Autocomplete,
  Button,
  Checkbox,
  Group,
  Select,
  Slider,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Check, Cpu, Sprout } from "lucide-react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { datasetNames } from "@/components/span/queries";
import { ThingLink } from "@/components/ThingLink";
import c from "./Feedback.module.css";
import { Preview } from "./Preview";
import { choicesQuery, previewQuery } from "./queries";
import { ALL_SOURCES, AWAY, type HarvestSearch, lookOf } from "./search";

/** Corrections and good answers become rows of a dataset: what to take, what that gives, and then the deed. */
export default function HarvestPage() {
  const t = useMessages().feedback;
  const app = useMessages().app;
  const search = useSearch({ from: "/feedback/harvest" });
  const navigate = useNavigate({ from: "/feedback/harvest" });
  const client = useQueryClient();
  const preview = useQuery(previewQuery(search));
  const change = (part: Partial<HarvestSearch>) =>
    navigate({ search: (had) => ({ ...had, ...part }) as HarvestSearch, replace: true });
  const run = useMutation({
    mutationFn: () => {
      const body = { ...lookOf(search), dataset: (search.dataset ?? "").trim(), away_from: search.away_from ?? AWAY };
      return ok(api.POST("/api/v1/feedback/harvest", { body: body as S["HarvestWanted"] }));
    },
    onError: failed,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["feedback"] });
      client.invalidateQueries({ queryKey: ["data"] });
      client.invalidateQueries({ queryKey: datasetNames.queryKey });
    },
  });
  const found = preview.data ? preview.data.corrections + preview.data.good : 0;
  return (
    <>
      <PageHeader
        title={t.form.title}
        sub={t.form.lead}
        crumbs={[{ label: app.nav.feedback, to: "/feedback" }]}
        actions={
          <Button
            size="sm"
            leftSection={<Sprout size={15} aria-hidden />}
            disabled={!search.dataset?.trim() || found === 0}
            loading={run.isPending}
            onClick={() => run.mutate()}
          >
            {t.form.run}
          </Button>
        }
      />
      <PageBody>
        {run.data && <Result made={run.data} />}
        <div className={c.harvest}>
          <Panel title={t.form.what}>
            <Form search={search} onChange={change} />
          </Panel>
          <div className={c.right}>
            <Preview preview={preview} />
          </div>
        </div>
      </PageBody>
    </>
  );
}

function Result({ made }: { made: S["Harvested"] }) {
  const t = useMessages().feedback.form;
  const f = useFormats();
  return (
    <Alert
      variant="outline"
      color="teal"
      icon={<Check size={18} aria-hidden />}
      title={t.done(f.number(made.added))}
      role="status"
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm" component="div">
          {t.result(f.number(made.rows))} <ThingLink kind="dataset" of={made.ref} />
          {made.held_back > 0 && ` · ${t.held(f.number(made.held_back))}`}
        </Text>
        <Button
          component={Link}
          to="/training/new"
          search={{ dataset: made.ref } as never}
          size="xs"
          variant="default"
          leftSection={<Cpu size={14} aria-hidden />}
        >
          {t.train}
        </Button>
      </Group>
    </Alert>
  );
}

type FormProps = { search: HarvestSearch; onChange: (part: Partial<HarvestSearch>) => void };

function Form({ search, onChange }: FormProps) {
  const t = useMessages().feedback;
  const f = useFormats();
  const names = useQuery(datasetNames);
  const choices = useQuery(choicesQuery);
  const pick = (name: "name" | "route" | "model_version", label: string, values: string[] | undefined) => (
    <Select
      label={label}
      placeholder={t.form.any}
      clearable
      data={[...new Set([...(values ?? []), ...(search[name] ? [search[name]] : [])])]}
      value={search[name] ?? null}
      onChange={(value) => onChange({ [name]: value ?? undefined })}
    />
  );
  return (
    <Stack gap="md">
      <Autocomplete
        label={t.form.into}
        description={t.form.intoHint}
        data={names.data ?? []}
        value={search.dataset ?? ""}
        onChange={(dataset) => onChange({ dataset: dataset || undefined })}
        required
      />
      <TextInput
        label={t.form.split}
        description={t.form.splitHint}
        value={search.split ?? ""}
        onChange={(event) => onChange({ split: event.currentTarget.value || undefined })}
      />
      <div>
        <Text size="sm" fw={500} id="min-value">
          {t.form.minValue} <span className="num">{f.fixed(search.min_value ?? 0.8, 2)}</span>
        </Text>
        <Text size="xs" c="dimmed" mb={8}>
          {t.form.minValueHint}
        </Text>
        <Slider
          min={0}
          max={1}
          step={0.05}
          size={4}
          label={null}
          thumbProps={{ "aria-labelledby": "min-value" }}
          key={search.min_value ?? 0.8}
          defaultValue={search.min_value ?? 0.8}
          onChangeEnd={(min_value) => onChange({ min_value })}
        />
      </div>
      {pick("name", t.filter.name, choices.data?.names)}
      {pick("route", t.filter.route, choices.data?.routes)}
      {pick("model_version", t.filter.model, choices.data?.versions)}
      <Select
        label={t.filter.source}
        placeholder={t.form.any}
        clearable
        data={ALL_SOURCES.map((value) => ({ value, label: t.source[value] ?? value }))}
        value={search.source ?? null}
        onChange={(value) => onChange({ source: (value as HarvestSearch["source"]) ?? undefined })}
      />
      <TextInput
        type="date"
        label={t.form.since}
        value={search.since?.slice(0, 10) ?? ""}
        onChange={(event) => onChange({ since: event.currentTarget.value || undefined })}
      />
      <TagsInput
        label={t.form.away}
        description={t.form.awayHint}
        value={search.away_from ?? AWAY}
        onChange={(away_from) => onChange({ away_from })}
      />
      <Checkbox
        label={t.form.pairs}
        description={t.form.pairsHint}
        checked={search.pairs ?? false}
        onChange={(event) => onChange({ pairs: event.currentTarget.checked || undefined })}
      />
    </Stack>
  );
}

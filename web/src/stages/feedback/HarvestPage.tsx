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
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { EntityLink } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { datasetNamesQuery } from "@/components/span/queries";
import c from "./Feedback.module.css";
import { HarvestPreview } from "./HarvestPreview";
import { choicesQuery, previewQuery } from "./queries";
import { ALL_SOURCES, DEFAULT_EXCLUDED_SPLITS, type HarvestSearch, previewParams } from "./search";

/** Show the harvest form: filters, preview and the button that turns scored spans into dataset rows. */
export default function HarvestPage() {
  const t = useMessages().feedback;
  const app = useMessages().app;
  const search = useSearch({ from: "/feedback/harvest" });
  const navigate = useNavigate({ from: "/feedback/harvest" });
  const client = useQueryClient();
  const preview = useQuery(previewQuery(search));
  const updateSearch = (part: Partial<HarvestSearch>) =>
    navigate({ search: (previous) => ({ ...previous, ...part }) as HarvestSearch, replace: true });
  const runHarvest = useMutation({
    mutationFn: () => {
      const body = {
        ...previewParams(search),
        dataset: (search.dataset ?? "").trim(),
        exclude_splits: search.exclude_splits ?? DEFAULT_EXCLUDED_SPLITS,
      };
      return unwrap(api.POST("/api/v1/feedback/harvest", { body: body as Schema["HarvestRequest"] }));
    },
    onError: notifyError,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["feedback"] });
      client.invalidateQueries({ queryKey: ["data"] });
      client.invalidateQueries({ queryKey: datasetNamesQuery.queryKey });
    },
  });
  const exampleCount = preview.data ? preview.data.corrections + preview.data.good : 0;
  return (
    <>
      <PageHeader
        title={t.form.title}
        subtitle={t.form.lead}
        breadcrumbs={[{ label: app.nav.feedback, to: "/feedback" }]}
        actions={
          <Button
            size="sm"
            leftSection={<Sprout size={15} aria-hidden />}
            disabled={!search.dataset?.trim() || exampleCount === 0}
            loading={runHarvest.isPending}
            onClick={() => runHarvest.mutate()}
          >
            {t.form.run}
          </Button>
        }
      />
      <PageBody>
        {runHarvest.data && <HarvestResult result={runHarvest.data} />}
        <div className={c.harvest}>
          <Panel title={t.form.selection}>
            <Form search={search} onChange={updateSearch} />
          </Panel>
          <div className={c.right}>
            <HarvestPreview preview={preview} />
          </div>
        </div>
      </PageBody>
    </>
  );
}

function HarvestResult({ result }: { result: Schema["HarvestResult"] }) {
  const t = useMessages().feedback.form;
  const f = useFormats();
  return (
    <Alert
      variant="outline"
      color="teal"
      icon={<Check size={18} aria-hidden />}
      title={t.done(f.number(result.added))}
      role="status"
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm" component="div">
          {t.result(f.number(result.rows))} <EntityLink kind="dataset" entityRef={result.ref} />
          {result.excluded > 0 && ` · ${t.excluded(f.number(result.excluded))}`}
        </Text>
        <Button
          component={Link}
          to="/training/new"
          search={{ dataset: result.ref } as never}
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
  const names = useQuery(datasetNamesQuery);
  const choices = useQuery(choicesQuery);
  const filterSelect = (name: "name" | "route" | "model_version", label: string, values: string[] | undefined) => (
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
      {filterSelect("name", t.filter.name, choices.data?.names)}
      {filterSelect("route", t.filter.route, choices.data?.routes)}
      {filterSelect("model_version", t.filter.model, choices.data?.versions)}
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
        label={t.form.excludeSplits}
        description={t.form.excludeSplitsHint}
        value={search.exclude_splits ?? DEFAULT_EXCLUDED_SPLITS}
        onChange={(exclude_splits) => onChange({ exclude_splits })}
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

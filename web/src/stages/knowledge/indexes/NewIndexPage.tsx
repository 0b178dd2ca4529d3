import { Alert, Autocomplete, Button, Checkbox, Group, NumberInput, Select, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Hammer } from "lucide-react";
import { useEffect, useRef } from "react";
import { ApiError } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { FieldRow } from "@/components/FormSection";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { modelNames, modelsQuery } from "../queries";
import { ChunkPreview } from "./ChunkPreview";
import {
  CHUNKER_KINDS,
  type ChunkerInput,
  chunkerFault,
  chunkerInput,
  chunkerSettings,
  SHIPPED_EMBEDDERS,
} from "./chunker";
import { createIndex, indexesQuery } from "./queries";

const page = getRouteApi("/knowledge/$base/indexes/new");
type Input = ChunkerInput & { embedder: string; reload: boolean };

/** Return the form of a new index, which begins with the chunker of the live one. */
function useIndexForm(base: string) {
  const t = useMessages().knowledgeIndexes.form;
  const f = useFormats();
  const live = useQuery(indexesQuery(base)).data?.find((index) => index.state === "live");
  const form = useForm<Input>({
    initialValues: { ...chunkerInput(undefined), embedder: "", reload: false },
    validateInputOnChange: true,
    validate: {
      tokens: (_, values) => (chunkerFault(values) === "tokens" ? "16 – 8192" : null),
      overlap: (_, values) =>
        chunkerFault(values) === "overlap" ? t.overlapRule(f.number(Math.floor(Number(values.tokens) / 2))) : null,
      parent_tokens: (_, values) => (chunkerFault(values) === "parent_tokens" ? t.parentRule : null),
    },
  });
  const isFilled = useRef(false);
  const { setValues } = form;
  useEffect(() => {
    if (!live || isFilled.current) return;
    isFilled.current = true;
    setValues(chunkerInput(live.chunker));
  }, [live, setValues]);
  return { form, live };
}

function IndexFields({ form, live }: ReturnType<typeof useIndexForm>) {
  const t = useMessages().knowledgeIndexes;
  const models = modelNames(useQuery(modelsQuery).data, "embeddings");
  const { kind } = form.values;
  return (
    <>
      <Select
        label={t.chunker}
        description={t.kindHints[kind]}
        allowDeselect={false}
        data={CHUNKER_KINDS.map((value) => ({ value, label: t.kinds[value] ?? value }))}
        {...form.getInputProps("kind")}
      />
      <FieldRow>
        <NumberInput
          label={t.form.size}
          description=" "
          min={16}
          max={8192}
          step={32}
          {...form.getInputProps("tokens")}
        />
        <NumberInput
          label={t.form.overlap}
          description={t.form.overlapHint}
          min={0}
          max={4096}
          step={8}
          {...form.getInputProps("overlap")}
        />
      </FieldRow>
      {kind === "parents" && (
        <NumberInput
          label={t.form.parentTokens}
          min={32}
          max={32_768}
          step={128}
          {...form.getInputProps("parent_tokens")}
        />
      )}
      {kind === "sentences" && <NumberInput label={t.form.window} min={0} max={10} {...form.getInputProps("window")} />}
      <Autocomplete
        label={t.embedder}
        description={t.form.embedderHint}
        placeholder={live?.embedder.split("@")[0]}
        data={[...new Set([...SHIPPED_EMBEDDERS, ...models])]}
        limit={30}
        {...form.getInputProps("embedder")}
      />
      <Checkbox
        label={t.form.reload}
        description={t.form.reloadHint}
        {...form.getInputProps("reload", { type: "checkbox" })}
      />
    </>
  );
}

/** Show the form of a new index with a preview of its chunks on a document. */
export default function NewIndexPage() {
  const { app, knowledgeIndexes: t } = useMessages();
  const { base } = page.useParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { form, live } = useIndexForm(base);
  const embedder = form.values.embedder.trim();
  const build = useMutation({
    mutationFn: (values: Input) =>
      createIndex(base, { chunker: chunkerSettings(values), embedder: embedder || null, reload: values.reload }),
    onSuccess: ({ job }) => {
      void client.invalidateQueries({ queryKey: ["knowledge"] });
      void navigate({ to: "/knowledge/$base", params: { base }, search: { tab: "indexes", job: job.id } });
    },
    onError: (error) => {
      if (error instanceof ApiError && /\bmodel\b/.test(error.title) && error.status !== 409)
        form.setFieldError("embedder", [error.title, error.hint].filter(Boolean).join(". "));
    },
  });
  const error = build.error instanceof ApiError && !form.errors.embedder ? build.error : null;
  const chunker = chunkerFault(form.values) === null ? chunkerSettings(form.values) : null;
  return (
    <>
      <PageHeader
        title={t.new}
        subtitle={t.form.lead}
        breadcrumbs={[
          { label: app.nav.knowledge, to: "/knowledge" },
          { label: base, to: `/knowledge/${encodeURIComponent(base)}` },
        ]}
      />
      <PageBody>
        <Columns
          even
          main={
            <Panel>
              <form onSubmit={form.onSubmit((values) => build.mutate(values))}>
                <Stack gap="sm">
                  <IndexFields form={form} live={live} />
                  {error && (
                    <Alert color="red" role="alert" title={error.title}>
                      {error.hint}
                    </Alert>
                  )}
                  <Group>
                    <Button
                      type="submit"
                      size="sm"
                      leftSection={<Hammer size={14} aria-hidden />}
                      loading={build.isPending}
                    >
                      {t.form.build}
                    </Button>
                  </Group>
                </Stack>
              </form>
            </Panel>
          }
          side={
            <ChunkPreview base={base} chunker={chunker} embedder={embedder || (live?.embedder.split("@")[0] ?? "")} />
          }
        />
      </PageBody>
    </>
  );
}

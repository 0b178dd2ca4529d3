import { Autocomplete, Modal, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { ErrorAlert } from "@/components/QueryBoundary";
import { chatModelsQuery, datasetNamesQuery } from "../queries";

const METHODS = ["few_shot", "mipro", "gepa"] as const;
const MICRODOLLARS = 1_000_000;
type Method = (typeof METHODS)[number];

const optional = (value: number | string) => (value === "" ? null : Number(value));

/** Start an optimisation of a prompt. The number of calls and the price are shown first. */
export function StartOptimisation({ prompt, onClose }: { prompt: Schema["PromptSummary"]; onClose: () => void }) {
  const { app, promptOptimiser: t } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const [dataset, setDataset] = useState("");
  const [method, setMethod] = useState<Method>("few_shot");
  const [scorer, setScorer] = useState("exact_match");
  const [model, setModel] = useState("");
  const [proposer, setProposer] = useState("");
  const [candidates, setCandidates] = useState<number | string>(8);
  const [examples, setExamples] = useState<number | string>(4);
  const [cost, setCost] = useState<number | string>("");
  const [minutes, setMinutes] = useState<number | string>(60);
  const [calls, setCalls] = useState<number | string>(2000);
  const models = useQuery(chatModelsQuery).data ?? [];
  const datasets = useQuery(datasetNamesQuery).data ?? [];
  const params = { path: { name: prompt.name } };
  const dollars = optional(cost);
  const body = {
    dataset: dataset.trim(),
    settings: {
      method,
      scorer: scorer.trim() || "exact_match",
      model: model.trim() || null,
      proposer: proposer.trim() || null,
      candidates: Number(candidates) || 1,
      max_examples: Number(examples) || 0,
      max_cost: dollars ? Math.max(1, Math.round(dollars * MICRODOLLARS)) : null,
      max_minutes: optional(minutes),
      max_calls: optional(calls),
    } as Schema["OptimiserSettings"],
  };
  const estimate = useQuery({
    queryKey: ["prompts", "optimisation-estimate", prompt.name, body],
    queryFn: () => unwrap(api.POST("/api/v1/prompts/{name}/optimisations/estimate", { params, body })),
    enabled: Boolean(body.dataset),
    retry: false,
  });
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/prompts/{name}/optimisations", { params, body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["prompts", "optimisations"] });
      onClose();
    },
  });
  const error = start.error ?? (body.dataset ? estimate.error : null);
  const price = estimate.data?.cost;
  return (
    <Modal opened onClose={onClose} title={t.startTitle} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Stack gap="sm">
          <FieldRow>
            <Autocomplete
              label={t.dataset}
              description={t.datasetHint}
              data={datasets}
              limit={30}
              required
              value={dataset}
              onChange={setDataset}
            />
            <TextInput
              label={t.scorer}
              description={t.scorerHint}
              value={scorer}
              onChange={(event) => setScorer(event.currentTarget.value)}
            />
          </FieldRow>
          <Select
            label={t.method}
            allowDeselect={false}
            data={METHODS.map((name) => ({ value: name, label: t.methods[name] }))}
            value={method}
            onChange={(value) => value && setMethod(value as Method)}
          />
          <FieldRow>
            <Autocomplete
              label={t.model}
              description={t.modelHint}
              placeholder={prompt.model ?? undefined}
              data={models}
              limit={30}
              value={model}
              onChange={setModel}
            />
            {method !== "few_shot" && (
              <Autocomplete
                label={t.proposer}
                description={t.proposerHint}
                data={models}
                limit={30}
                value={proposer}
                onChange={setProposer}
              />
            )}
          </FieldRow>
          <FieldRow>
            <NumberInput label={t.candidatesField} min={1} max={100} value={candidates} onChange={setCandidates} />
            <NumberInput label={t.maxExamples} min={0} max={32} value={examples} onChange={setExamples} />
          </FieldRow>
          <FieldRow>
            <NumberInput label={t.maxCost} min={0} decimalScale={4} value={cost} onChange={setCost} />
            <NumberInput label={t.maxMinutes} min={1} value={minutes} onChange={setMinutes} />
            <NumberInput label={t.maxCalls} min={1} value={calls} onChange={setCalls} />
          </FieldRow>
          {estimate.data && !estimate.isError && (
            <Text size="sm" role="status">
              {t.estimate(
                f.number(estimate.data.calls),
                price === null || price === undefined ? t.unknownPrice : t.atMost(f.money(price)),
              )}
            </Text>
          )}
          {error && <ErrorAlert error={error} title={t.notStarted} flush />}
        </Stack>
        <FormActions
          label={t.start}
          loading={start.isPending}
          disabled={!body.dataset || estimate.isError}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

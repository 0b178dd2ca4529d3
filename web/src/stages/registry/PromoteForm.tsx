import { Alert, Autocomplete, Group, Modal, Select, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import { FormActions } from "@/components/FormActions";
import { notifySuccess } from "@/components/notify";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import { baselines, canaryEvidence, comparisonEvidence, versionEvaluations, versionRef } from "./evidence";
import { canariesQuery, comparisonQuery, deploymentsQuery, evaluationsQuery } from "./queries";

const PROD_ALIAS = "prod";

/** Show the metrics of a comparison, as stored with the alias. */
function ComparisonEvidence({ comparisonResult }: { comparisonResult: Schema["EvalComparison"] }) {
  const t = useMessages().registry.promote;
  const f = useFormats();
  return (
    <Stack gap={4}>
      {Object.entries(comparisonResult.metrics)
        .slice(0, 4)
        .map(([name, metric]) => (
          <Group key={name} gap="sm" justify="space-between" wrap="nowrap">
            <Text size="sm" className="mono" truncate>
              {name}
            </Text>
            <Text size="sm" className="num">
              {t.change(f.number(metric.a, 3), f.number(metric.b, 3))}{" "}
              <Text span inherit c="dimmed">
                [{f.number(metric.low, 3)}, {f.number(metric.high, 3)}]
              </Text>
            </Text>
          </Group>
        ))}
      <Text size="xs" c="dimmed">
        {t.examples(f.number(comparisonResult.n), f.percent(comparisonResult.confidence ?? 0.95, 0))}
      </Text>
    </Stack>
  );
}

function CanaryEvidence({ canary }: { canary: Schema["Canary"] }) {
  const t = useMessages().registry.promote;
  const f = useFormats();
  const { candidate, incumbent, low, high, pairs, alpha } = canary.evidence;
  return (
    <Stack gap={6}>
      {[
        { name: t.candidate, value: candidate, color: "--series-1" },
        { name: t.incumbent, value: incumbent, color: "--series-6" },
      ].map(({ name, value, color }) => (
        <Group key={name} gap="sm" wrap="nowrap">
          <Text size="sm" w={90}>
            {name}
          </Text>
          <div style={{ flex: 1 }}>
            <Meter value={value ?? 0} label={`${name}: ${f.number(value, 3)}`} color={color} />
          </div>
          <Text size="sm" className="num" w={48} ta="right">
            {f.fixed(value, 3)}
          </Text>
        </Group>
      ))}
      <Text size="xs" c="dimmed">
        {t.pairs(f.number(pairs), f.number(low, 3), f.number(high, 3), f.percent(1 - alpha, 0))}
      </Text>
    </Stack>
  );
}

/** Show a form that assigns an alias to a version, with evidence. */
export function PromoteForm({
  version,
  others,
  opened,
  onClose,
}: {
  version: Schema["ModelVersion"];
  others: Schema["ModelVersion"][];
  opened: boolean;
  onClose: () => void;
}) {
  const t = useMessages().registry.promote;
  const { app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { ref: versionRef(version), alias: PROD_ALIAS, evidence: "", against: "", reason: "" },
    validate: {
      alias: (value) => (value.trim() ? null : t.required),
      reason: (value, values) => (values.alias === PROD_ALIAS && !values.evidence && !value.trim() ? t.proof : null),
    },
  });
  const { ref, alias, evidence, against } = form.values;
  const selectedVersion = others.find((candidate) => versionRef(candidate) === ref) ?? version;
  const deployments = useQuery({ ...deploymentsQuery(), enabled: opened });
  const evaluations = useQuery({ ...evaluationsQuery(), enabled: opened });
  const canaries = useQuery({ ...canariesQuery(), enabled: opened });
  const versionRuns = versionEvaluations(selectedVersion, deployments.data ?? [], evaluations.data ?? []);
  const promotedCanaries = (canaries.data ?? []).filter(
    (candidate) => candidate.model === ref && candidate.status === "promoted",
  );
  const run = versionRuns.find((candidate) => `eval ${candidate.id}` === evidence);
  const canary = promotedCanaries.find((candidate) => `canary ${candidate.id}` === evidence);
  const possibleBaselines = run ? baselines(run, evaluations.data ?? []) : [];
  const baselineId = possibleBaselines.find((candidate) => candidate.id === against)?.id ?? possibleBaselines[0]?.id;
  const comparison = useQuery({
    ...comparisonQuery(baselineId ?? "", run?.id ?? ""),
    enabled: Boolean(run && baselineId),
  });
  const assignAlias = useMutation({
    mutationFn: (values: typeof form.values) =>
      unwrap(
        api.PUT("/api/v1/registry/models/{name}/aliases/{alias}", {
          params: { path: { name: version.name, alias: values.alias.trim() } },
          body: {
            model: values.ref,
            reason: values.reason.trim() || null,
            evidence: canary
              ? canaryEvidence(canary)
              : run && comparison.data
                ? comparisonEvidence(comparison.data)
                : run
                  ? { evaluation: run.id, dataset: run.dataset, split: run.split, scores: run.scores }
                  : {},
          },
        }),
      ),
    onSuccess: (assigned) => {
      void client.invalidateQueries({ queryKey: ["registry"] });
      notifySuccess(t.moved(`${assigned.name}:${assigned.alias}`, assigned.model));
      onClose();
    },
  });
  const groups = [
    {
      group: t.canaries,
      items: promotedCanaries.map((candidate) => ({
        value: `canary ${candidate.id}`,
        label: t.onRoute(candidate.route),
      })),
    },
    {
      group: t.evaluations,
      items: versionRuns.map((candidate) => ({
        value: `eval ${candidate.id}`,
        label: `${candidate.name} (${candidate.split})`,
      })),
    },
  ].filter((group) => group.items.length);
  const apiError = assignAlias.error instanceof ApiError ? assignAlias.error : null;
  return (
    <Modal opened={opened} onClose={onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }} size="lg">
      <form onSubmit={form.onSubmit((values) => assignAlias.mutate(values))}>
        <Stack gap="sm">
          <Group grow align="flex-start">
            <Autocomplete
              label={t.alias}
              description={alias === PROD_ALIAS ? t.prodHint : t.aliasHint}
              data={[PROD_ALIAS, "candidate"]}
              {...form.getInputProps("alias")}
            />
            <Select
              label={t.version}
              description={t.versionHint}
              data={others.map((candidate) => ({
                value: versionRef(candidate),
                label: `${candidate.number} · ${candidate.hash.slice(0, 12)}`,
              }))}
              allowDeselect={false}
              {...form.getInputProps("ref")}
            />
          </Group>
          <Select
            label={t.evidence}
            placeholder={groups.length ? t.choose : t.none}
            disabled={!groups.length}
            data={groups}
            clearable
            leftSection={<Gauge size={15} aria-hidden />}
            {...form.getInputProps("evidence")}
            value={evidence || null}
            onChange={(value) => {
              form.setFieldValue("evidence", value ?? "");
              form.clearFieldError("reason");
            }}
          />
          {run && possibleBaselines.length > 0 && (
            <Select
              label={t.against}
              data={possibleBaselines.map((candidate) => ({ value: candidate.id, label: candidate.name }))}
              allowDeselect={false}
              value={baselineId ?? null}
              onChange={(value) => form.setFieldValue("against", value ?? "")}
            />
          )}
          {run &&
            baselineId &&
            (comparison.data ? (
              <ComparisonEvidence comparisonResult={comparison.data} />
            ) : (
              <LoadingPlaceholder lines={2} />
            ))}
          {canary && <CanaryEvidence canary={canary} />}
          <Textarea
            label={t.reason}
            description={t.reasonHint}
            autosize
            minRows={2}
            data-autofocus
            {...form.getInputProps("reason")}
          />
          {apiError && (
            <Alert color="red" role="alert" title={apiError.title}>
              {apiError.hint}
            </Alert>
          )}
        </Stack>
        <FormActions
          label={t.submit(alias.trim() || PROD_ALIAS)}
          loading={assignAlias.isPending}
          disabled={Boolean(run && baselineId) && comparison.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

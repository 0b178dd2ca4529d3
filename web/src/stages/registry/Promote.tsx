import { Alert, Autocomplete, Group, Modal, Select, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import { ApiError, api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Waiting } from "@/components/Await";
import { Meter } from "@/components/charts/Bars";
import { FormFoot } from "@/components/FormFoot";
import { done } from "@/components/notify";
import { baselines, canaryEvidence, comparisonEvidence, evaluationsOf, refOf } from "./evidence";
import { canaries, comparison, deployments, evaluations } from "./queries";

const PROVEN = "prod";

/** What a comparison found, metric by metric, as it is kept with the alias. */
function Found({ found }: { found: S["EvalComparison"] }) {
  const t = useMessages().registry.promote;
  const f = useFormats();
  return (
    <Stack gap={4}>
      {Object.entries(found.metrics)
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
        {t.examples(f.number(found.n), f.percent(found.confidence ?? 0.95, 0))}
      </Text>
    </Stack>
  );
}

function CanaryFound({ canary }: { canary: S["Canary"] }) {
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

/** Points an alias at a version, with what speaks for it. */
export function Promote({
  version,
  others,
  opened,
  onClose,
}: {
  version: S["ModelVersion"];
  others: S["ModelVersion"][];
  opened: boolean;
  onClose: () => void;
}) {
  const t = useMessages().registry.promote;
  const { app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { ref: refOf(version), alias: PROVEN, evidence: "", against: "", reason: "" },
    validate: {
      alias: (value) => (value.trim() ? null : t.needed),
      reason: (value, all) => (all.alias === PROVEN && !all.evidence && !value.trim() ? t.proof : null),
    },
  });
  const { ref, alias, evidence, against } = form.values;
  const chosen = others.find((one) => refOf(one) === ref) ?? version;
  const served = useQuery({ ...deployments(), enabled: opened });
  const runs = useQuery({ ...evaluations(), enabled: opened });
  const tests = useQuery({ ...canaries(), enabled: opened });
  const mine = evaluationsOf(chosen, served.data ?? [], runs.data ?? []);
  const decided = (tests.data ?? []).filter((one) => one.model === ref && one.status === "promoted");
  const run = mine.find((one) => `eval ${one.id}` === evidence);
  const canary = decided.find((one) => `canary ${one.id}` === evidence);
  const possible = run ? baselines(run, runs.data ?? []) : [];
  const other = possible.find((one) => one.id === against)?.id ?? possible[0]?.id;
  const compared = useQuery({ ...comparison(other ?? "", run?.id ?? ""), enabled: Boolean(run && other) });
  const move = useMutation({
    mutationFn: (values: typeof form.values) =>
      ok(
        api.PUT("/api/v1/registry/models/{name}/aliases/{alias}", {
          params: { path: { name: version.name, alias: values.alias.trim() } },
          body: {
            model: values.ref,
            reason: values.reason.trim() || null,
            evidence: canary
              ? canaryEvidence(canary)
              : run && compared.data
                ? comparisonEvidence(compared.data)
                : run
                  ? { evaluation: run.id, dataset: run.dataset, split: run.split, scores: run.scores }
                  : {},
          },
        }),
      ),
    onSuccess: (moved) => {
      void client.invalidateQueries({ queryKey: ["registry"] });
      done(t.moved(`${moved.name}:${moved.alias}`, moved.model));
      onClose();
    },
  });
  const groups = [
    { group: t.canaries, items: decided.map((one) => ({ value: `canary ${one.id}`, label: t.onRoute(one.route) })) },
    {
      group: t.evaluations,
      items: mine.map((one) => ({ value: `eval ${one.id}`, label: `${one.name} (${one.split})` })),
    },
  ].filter((group) => group.items.length);
  const refused = move.error instanceof ApiError ? move.error : null;
  return (
    <Modal opened={opened} onClose={onClose} title={t.title} closeButtonProps={{ "aria-label": app.close }} size="lg">
      <form onSubmit={form.onSubmit((values) => move.mutate(values))}>
        <Stack gap="sm">
          <Group grow align="flex-start">
            <Autocomplete
              label={t.alias}
              description={alias === PROVEN ? t.prodHint : t.aliasHint}
              data={[PROVEN, "candidate"]}
              {...form.getInputProps("alias")}
            />
            <Select
              label={t.version}
              description={t.versionHint}
              data={others.map((one) => ({ value: refOf(one), label: `${one.number} · ${one.hash.slice(0, 12)}` }))}
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
          {run && possible.length > 0 && (
            <Select
              label={t.against}
              data={possible.map((one) => ({ value: one.id, label: one.name }))}
              allowDeselect={false}
              value={other ?? null}
              onChange={(value) => form.setFieldValue("against", value ?? "")}
            />
          )}
          {run && other && (compared.data ? <Found found={compared.data} /> : <Waiting lines={2} />)}
          {canary && <CanaryFound canary={canary} />}
          <Textarea
            label={t.reason}
            description={t.reasonHint}
            autosize
            minRows={2}
            data-autofocus
            {...form.getInputProps("reason")}
          />
          {refused && (
            <Alert color="red" role="alert" title={refused.title}>
              {refused.hint}
            </Alert>
          )}
        </Stack>
        <FormFoot
          label={t.submit(alias.trim() || PROVEN)}
          loading={move.isPending}
          disabled={Boolean(run && other) && compared.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

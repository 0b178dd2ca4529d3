import {
  Autocomplete,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { FieldRow, FormSection } from "@/components/FormSection";
import type { PolicyInput, Schedule } from "./policyForm";
import { gatePoliciesQuery, policyChoicesQuery, routeNamesQuery, suiteNamesQuery } from "./queries";

type Props = { form: UseFormReturnType<PolicyInput> };
const ENGINES = ["xllamacpp", "transformers", "vllm"];
const SOURCES = ["human", "judge", "program", "replay"] as const;

/** Show the fields for the name, the route and the feedback that becomes training data. */
export function SourceFields({ form, isNew }: Props & { isNew: boolean }) {
  const { policyForm: t, releases } = useMessages();
  const routes = useQuery(routeNamesQuery()).data ?? [];
  const datasets = useQuery(policyChoicesQuery()).data?.datasets ?? [];
  return (
    <FormSection title={t.source} text={t.sourceText}>
      {isNew && <TextInput label={t.name} description={t.nameHint} data-autofocus {...form.getInputProps("name")} />}
      <FieldRow>
        <Select
          label={t.route}
          description={t.routeHint}
          searchable
          data={routes.map((route) => route.name)}
          {...form.getInputProps("route")}
        />
        <Autocomplete
          label={t.dataset}
          description={t.datasetHint}
          data={datasets.map((dataset) => dataset.name)}
          limit={30}
          {...form.getInputProps("dataset")}
        />
      </FieldRow>
      <FieldRow>
        <TextInput label={t.scoreName} description={t.scoreNameHint} {...form.getInputProps("scoreName")} />
        <NumberInput
          label={t.minValue}
          description={t.minValueHint}
          min={0}
          max={1}
          step={0.05}
          {...form.getInputProps("minValue")}
        />
        <Select
          label={t.feedbackSource}
          description={t.feedbackSourceHint}
          allowDeselect={false}
          data={[
            { value: "", label: t.anySource },
            ...SOURCES.map((value) => ({ value, label: releases.sourceNames[value] })),
          ]}
          {...form.getInputProps("source")}
        />
      </FieldRow>
      <Switch label={t.pairs} description={t.pairsHint} {...form.getInputProps("pairs", { type: "checkbox" })} />
    </FormSection>
  );
}

/** Show the fields for the conditions that start a run. */
export function TriggerFields({ form }: Props) {
  const { policyForm: t } = useMessages();
  const { schedule, drift } = form.values;
  return (
    <FormSection title={t.triggers} text={t.triggersText}>
      <FieldRow>
        <NumberInput
          label={t.corrections}
          description={t.correctionsHint}
          min={0}
          allowDecimal={false}
          {...form.getInputProps("corrections")}
        />
        <NumberInput
          label={t.scores}
          description={t.scoresHint}
          min={0}
          allowDecimal={false}
          {...form.getInputProps("scores")}
        />
      </FieldRow>
      <Stack gap={4} align="flex-start">
        <Text size="sm" fw={500}>
          {t.schedule}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={t.schedule}
          data={(["none", "every", "cron"] as Schedule[]).map((value) => ({ value, label: t.schedules[value] }))}
          {...form.getInputProps("schedule")}
        />
      </Stack>
      {schedule === "every" && <TextInput label={t.every} description={t.everyHint} {...form.getInputProps("every")} />}
      {schedule === "cron" && <TextInput label={t.cron} description={t.cronHint} {...form.getInputProps("cron")} />}
      <Switch label={t.newBase} description={t.newBaseHint} {...form.getInputProps("newBase", { type: "checkbox" })} />
      <Switch label={t.drift} description={t.driftHint} {...form.getInputProps("drift", { type: "checkbox" })} />
      {drift && (
        <FieldRow>
          <NumberInput
            label={t.driftBound}
            description={t.driftBoundHint}
            min={0.5}
            max={0.99}
            step={0.05}
            {...form.getInputProps("driftBound")}
          />
          <NumberInput
            label={t.driftCalls}
            description={t.driftCallsHint}
            min={20}
            max={1000}
            allowDecimal={false}
            {...form.getInputProps("driftCalls")}
          />
          <TextInput label={t.driftEvery} description={t.driftEveryHint} {...form.getInputProps("driftEvery")} />
        </FieldRow>
      )}
    </FormSection>
  );
}

/** Show the fields for the training of a candidate. */
export function TrainingFields({ form }: Props) {
  const { policyForm: t } = useMessages();
  const choices = useQuery(policyChoicesQuery()).data;
  const bases = (choices?.models ?? []).map((model) => model.name);
  return (
    <FormSection title={t.training} text={t.trainingText}>
      <FieldRow>
        <TextInput label={t.model} description={t.modelHint} {...form.getInputProps("model")} />
        <Autocomplete label={t.base} description={t.baseHint} data={bases} limit={30} {...form.getInputProps("base")} />
        <Select
          label={t.recipe}
          description={t.recipeHint}
          allowDeselect={false}
          data={(choices?.recipes ?? [{ name: form.values.recipe }]).map((recipe) => recipe.name)}
          {...form.getInputProps("recipe")}
        />
      </FieldRow>
      <FieldRow>
        <TextInput label={t.trainSplit} description={t.trainSplitHint} {...form.getInputProps("trainSplit")} />
        <TextInput
          label={t.validationSplit}
          description={t.validationSplitHint}
          {...form.getInputProps("validationSplit")}
        />
      </FieldRow>
      <Switch label={t.auto} description={t.autoHint} {...form.getInputProps("auto", { type: "checkbox" })} />
      <Textarea
        label={t.settings}
        description={t.settingsHint}
        autosize
        minRows={2}
        maxRows={14}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }}
        {...form.getInputProps("settings")}
      />
    </FormSection>
  );
}

/** Show the fields for the evaluation, the gate and the release of a candidate. */
export function ReleaseFields({ form }: Props) {
  const { policyForm: t } = useMessages();
  const suites = useQuery(suiteNamesQuery()).data ?? [];
  const gates = useQuery(gatePoliciesQuery()).data ?? [];
  return (
    <FormSection title={t.release} text={t.releaseText}>
      <FieldRow>
        <Autocomplete
          label={t.suite}
          description={t.suiteHint}
          data={suites.map((suite) => suite.name)}
          limit={30}
          {...form.getInputProps("suite")}
        />
        <Select
          label={t.gate}
          description={t.gateHint}
          allowDeselect={false}
          data={[
            { value: "", label: t.routeGates },
            ...gates.filter((gate) => gate.kind === "route").map((gate) => ({ value: gate.name, label: gate.name })),
          ]}
          {...form.getInputProps("gate")}
        />
      </FieldRow>
      <FieldRow>
        <TextInput label={t.metric} description={t.metricHint} {...form.getInputProps("metric")} />
        <TextInput label={t.steps} description={t.stepsHint} {...form.getInputProps("steps")} />
      </FieldRow>
      <FieldRow>
        <NumberInput
          label={t.minPairs}
          description={t.minPairsHint}
          min={1}
          max={5000}
          allowDecimal={false}
          {...form.getInputProps("minPairs")}
        />
        <NumberInput
          label={t.maxPairs}
          description={t.maxPairsHint}
          min={1}
          max={5000}
          allowDecimal={false}
          {...form.getInputProps("maxPairs")}
        />
        <NumberInput
          label={t.alpha}
          description={t.alphaHint}
          min={0.001}
          max={0.5}
          step={0.01}
          {...form.getInputProps("alpha")}
        />
      </FieldRow>
      <FieldRow>
        <NumberInput
          label={t.shadowPairs}
          description={t.shadowPairsHint}
          min={0}
          max={5000}
          allowDecimal={false}
          {...form.getInputProps("shadowPairs")}
        />
        <TagsInput label={t.scorers} description={t.scorersHint} {...form.getInputProps("scorers")} />
      </FieldRow>
    </FormSection>
  );
}

/** Show the fields for the engine of the candidate and the limits of a run. */
export function LimitFields({ form }: Props) {
  const { policyForm: t } = useMessages();
  return (
    <FormSection title={t.limits} text={t.limitsText}>
      <FieldRow>
        <NumberInput label={t.minutes} description={t.minutesHint} min={1} {...form.getInputProps("minutes")} />
        <NumberInput label={t.cost} description={t.costHint} min={0} prefix="$" {...form.getInputProps("cost")} />
      </FieldRow>
      <FieldRow>
        <TextInput label={t.coolDown} description={t.coolDownHint} {...form.getInputProps("coolDown")} />
        <Select
          label={t.engine}
          description={t.engineHint}
          allowDeselect={false}
          data={[{ value: "", label: t.automatic }, ...ENGINES]}
          {...form.getInputProps("engine")}
        />
      </FieldRow>
    </FormSection>
  );
}

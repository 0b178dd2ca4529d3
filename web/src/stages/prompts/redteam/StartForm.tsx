import { Autocomplete, Modal, MultiSelect, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { ErrorAlert } from "@/components/QueryBoundary";
import { attackSetsQuery, chatModelsQuery, versionQuery } from "../queries";
import { parseValues, toDraft } from "../template";
import { useClassTitle } from "./Rates";

const BUILTIN = "builtin";

/** Start a red team run of a prompt. The number of calls and the price are shown first. */
export function StartForm({ prompt, onClose }: { prompt: Schema["PromptSummary"]; onClose: () => void }) {
  const { app, prompts } = useMessages();
  const t = prompts.redteam;
  const f = useFormats();
  const client = useQueryClient();
  const titleOf = useClassTitle();
  const labels = Object.keys(prompt.labels);
  const [version, setVersion] = useState(labels[0] ? `:${labels[0]}` : `@${prompt.number}`);
  const [sets, setSets] = useState([BUILTIN]);
  const [classes, setClasses] = useState<string[]>([]);
  const [limit, setLimit] = useState<number | string>("");
  const [model, setModel] = useState("");
  const [judge, setJudge] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const models = useQuery(chatModelsQuery).data ?? [];
  const known = useQuery(attackSetsQuery).data ?? [];
  const template = useQuery(versionQuery(prompt.name, version.slice(1))).data?.template;
  const variables = template ? toDraft(template).variables : [];
  const needed = variables.filter((variable) => !variable.default);
  const classNames = [
    ...new Set(known.filter((one) => sets.includes(one.name)).flatMap((one) => Object.keys(one.classes))),
  ];
  const body = {
    target: `prompt/${prompt.name}${version}`,
    settings: {
      sets,
      classes,
      limit: limit === "" ? null : Number(limit),
      model: model.trim() || null,
      judge: judge.trim() || null,
      variables: parseValues(variables, values),
    } as unknown as Schema["RedTeamSettings"],
  };
  const estimate = useQuery({
    queryKey: ["prompts", "red-team-estimate", body],
    queryFn: () => unwrap(api.POST("/api/v1/prompts/red-team/estimate", { body })),
    enabled: sets.length > 0,
    retry: false,
  });
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/prompts/red-team/runs", { body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["prompts", "red-team"] });
      onClose();
    },
  });
  const error = start.error ?? estimate.error;
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
            <Select
              label={t.version}
              allowDeselect={false}
              data={[
                ...labels.map((label) => ({ value: `:${label}`, label })),
                { value: `@${prompt.number}`, label: t.newestVersion(f.number(prompt.number)) },
              ]}
              value={version}
              onChange={(value) => value && setVersion(value)}
            />
            <Autocomplete
              label={t.model}
              placeholder={template?.model ?? t.modelHint}
              data={models}
              limit={30}
              value={model}
              onChange={setModel}
            />
          </FieldRow>
          <FieldRow>
            <MultiSelect label={t.sets} data={known.map((one) => one.name)} value={sets} onChange={setSets} />
            <NumberInput label={t.limit} placeholder={t.limitHint} min={1} value={limit} onChange={setLimit} />
          </FieldRow>
          <MultiSelect
            label={t.classesField}
            placeholder={classes.length ? undefined : t.allClasses}
            data={classNames.map((name) => ({ value: name, label: titleOf(name) }))}
            value={classes}
            onChange={setClasses}
          />
          <Autocomplete
            label={t.judge}
            description={t.judgeHint}
            data={models}
            limit={30}
            value={judge}
            onChange={setJudge}
          />
          {needed.length > 1 &&
            needed.map((variable) => (
              <TextInput
                key={variable.name}
                label={variable.name}
                description={t.valueHint}
                value={values[variable.name] ?? ""}
                onChange={(event) => {
                  const value = event.currentTarget.value;
                  setValues((before) => ({ ...before, [variable.name]: value }));
                }}
              />
            ))}
          {estimate.data && !estimate.isError && (
            <Text size="sm" role="status">
              {t.estimate(
                f.number(estimate.data.attacks),
                f.number(estimate.data.harmless),
                f.number(estimate.data.calls),
                estimate.data.cost === null || estimate.data.cost === undefined
                  ? t.unknownPrice
                  : t.atMost(f.money(estimate.data.cost)),
              )}
            </Text>
          )}
          {error && <ErrorAlert error={error} title={t.notStarted} flush />}
        </Stack>
        <FormActions
          label={t.start}
          loading={start.isPending}
          disabled={!sets.length || estimate.isError}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

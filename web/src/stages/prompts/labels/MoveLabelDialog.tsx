import { Autocomplete, Modal, Select, Stack, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { GateResult } from "@/components/GateResult";
import { notifySuccess } from "@/components/notify";
import { ErrorAlert } from "@/components/QueryBoundary";
import { labelGateQuery, redTeamRunsQuery, versionsQuery } from "../queries";

const LABELS = ["dev", "staging", "prod"];
type Props = { prompt: Schema["PromptSummary"]; label: string; version?: string; onClose: () => void };

/** Let a label name a version, with evidence or a reason. Shows what the gate of the label lacks. */
export function MoveLabelDialog({ prompt, label: initialLabel, version: initialVersion, onClose }: Props) {
  const { app, prompts } = useMessages();
  const t = prompts.labelsTab;
  const f = useFormats();
  const client = useQueryClient();
  const [label, setLabel] = useState(initialLabel);
  const [number, setNumber] = useState(initialVersion ?? String(prompt.number));
  const [reason, setReason] = useState("");
  const [evidence, setEvidence] = useState<string | null>(null);
  const versions = useQuery(versionsQuery(prompt.name)).data ?? [];
  const runs = (useQuery(redTeamRunsQuery(prompt.name)).data ?? []).filter((run) => run.status === "finished");
  const chosen = versions.find((one) => String(one.number) === number);
  const ref = chosen ? `${prompt.name}@${chosen.hash.slice(0, 12)}` : "";
  const gate = useQuery({ ...labelGateQuery(prompt.name, label.trim(), ref), enabled: Boolean(ref && label.trim()) });
  const move = useMutation({
    mutationFn: () => {
      const run = runs.find((one) => one.id === evidence);
      const success = run?.report?.total.success;
      return unwrap(
        api.PUT("/api/v1/prompts/{name}/labels/{label}", {
          params: { path: { name: prompt.name, label: label.trim() } },
          body: {
            version: number,
            reason: reason.trim() || null,
            evidence: run ? { red_team_run: run.id, attacks: success?.n, success: success?.value } : {},
          },
        }),
      );
    },
    onSuccess: (moved) => {
      void client.invalidateQueries({ queryKey: ["prompts"] });
      notifySuccess(t.moved(moved.label, f.number(moved.number)));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t.moveTitle} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          move.mutate();
        }}
      >
        <Stack gap="sm">
          <FieldRow>
            <Autocomplete
              label={t.label}
              data={[...new Set([...LABELS, ...Object.keys(prompt.labels)])]}
              value={label}
              onChange={setLabel}
            />
            <Select
              label={t.version}
              allowDeselect={false}
              data={versions.map((one) => ({
                value: String(one.number),
                label: t.versionOption(f.number(one.number), one.message || one.branch),
              }))}
              value={number}
              onChange={(value) => value && setNumber(value)}
            />
          </FieldRow>
          {gate.data && <GateResult decision={gate.data} />}
          <Select
            label={t.evidenceField}
            description={t.evidenceHint}
            clearable
            disabled={!runs.length}
            placeholder={runs.length ? undefined : t.noEvidence}
            data={runs.map((run) => ({
              value: run.id,
              label: t.run(run.target, f.percent(run.report?.total.success.value ?? 0, 1)),
            }))}
            value={evidence}
            onChange={setEvidence}
          />
          <Textarea
            label={t.reason}
            description={t.reasonHint}
            autosize
            minRows={2}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {move.isError && <ErrorAlert error={move.error} title={t.notMoved} flush />}
        </Stack>
        <FormActions label={t.move} loading={move.isPending} disabled={!label.trim() || !number} onCancel={onClose} />
      </form>
    </Modal>
  );
}

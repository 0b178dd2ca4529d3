import { Alert, Modal, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { FieldRow } from "@/components/FormSection";
import { notifySuccess } from "@/components/notify";
import { ErrorAlert } from "@/components/QueryBoundary";
import c from "../prompts.module.css";
import { valueText } from "./VersionDiff";

const MAIN = "main";
type Side = "ours" | "theirs";
type Props = { prompt: Schema["PromptSummary"]; branches: Schema["PromptBranch"][]; onClose: () => void };

/** Merge a branch into another. Fields that both changed are decided one by one. */
export function MergeDialog({ prompt, branches, onClose }: Props) {
  const { app, prompts } = useMessages();
  const t = prompts.history;
  const client = useQueryClient();
  const names = branches.map((one) => one.branch);
  const [source, setSource] = useState(names.find((name) => name !== MAIN) ?? "");
  const [target, setTarget] = useState(names.includes(MAIN) ? MAIN : (names[0] ?? MAIN));
  const [message, setMessage] = useState("");
  const [choices, setChoices] = useState<Record<string, Side>>({});
  const merge = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/prompts/{name}/merge", {
          params: { path: { name: prompt.name } },
          body: { source, target, message, resolutions: choices, preview: false },
        }),
      ),
    onSuccess: (result) => {
      if (!result.version) return;
      notifySuccess(t.merged(String(result.version.number)));
      void client.invalidateQueries({ queryKey: ["prompts"] });
      onClose();
    },
  });
  const conflicts = merge.data?.version ? [] : (merge.data?.conflicts ?? []);
  const isOpen = conflicts.some(({ field }) => !choices[field]);
  return (
    <Modal opened onClose={onClose} title={t.mergeTitle} size="xl" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          merge.mutate();
        }}
      >
        <Stack gap="sm">
          <FieldRow>
            <Select
              label={t.source}
              data={names}
              value={source}
              allowDeselect={false}
              onChange={(value) => setSource(value ?? "")}
            />
            <Select
              label={t.target}
              data={names}
              value={target}
              allowDeselect={false}
              onChange={(value) => setTarget(value ?? "")}
            />
          </FieldRow>
          <TextInput label={t.message} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
          {conflicts.length > 0 && <Alert color="yellow">{t.conflicts}</Alert>}
          {conflicts.map((conflict) => (
            <div key={conflict.field} role="group" aria-label={conflict.field}>
              <Text size="sm" fw={500} className="mono" mb={4}>
                {conflict.field}
              </Text>
              <div className={c.sides}>
                <div className={c.side}>{valueText(conflict.ours)}</div>
                <div className={c.side}>{valueText(conflict.theirs)}</div>
              </div>
              <SegmentedControl
                size="xs"
                mt={6}
                aria-label={conflict.field}
                data={[
                  { value: "", label: t.open },
                  { value: "ours", label: target },
                  { value: "theirs", label: source },
                ]}
                value={choices[conflict.field] ?? ""}
                onChange={(side) =>
                  setChoices(({ [conflict.field]: _, ...rest }) =>
                    side ? { ...rest, [conflict.field]: side as Side } : rest,
                  )
                }
              />
            </div>
          ))}
          {merge.isError && <ErrorAlert error={merge.error} title={t.notMerged} flush />}
        </Stack>
        <FormActions
          label={t.merge}
          loading={merge.isPending}
          disabled={!source || source === target || isOpen}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

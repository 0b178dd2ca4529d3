import { Alert, Button, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";

/** Return detections by kind, for example `card 2, email 1`. */
export const detectionSummary = (detections: Record<string, number> | undefined): string =>
  Object.entries(detections ?? {})
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ");

function GuardResult({ trial }: { trial: Schema["GuardTestResult"] }) {
  const t = useMessages().guards;
  const f = useFormats();
  return (
    <Stack gap="xs" role="status">
      {trial.blocked_by && <Alert color="red">{t.blocked(trial.blocked_by)}</Alert>}
      {trial.text !== null && (
        <div>
          <Text size="xs" c="dimmed">
            {t.result}
          </Text>
          <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {trial.text}
          </Text>
        </div>
      )}
      <Facts
        items={trial.outcomes.map((outcome) => [
          outcome.guard,
          `${detectionSummary(outcome.found) || t.noDetections} · ${f.number(outcome.ms, 1)} ms`,
        ])}
      />
    </Stack>
  );
}

/** Show a form that tests a text against the guards of a route, or of the project if `model` is empty. */
export function TryGuards({ model = "" }: { model?: string }) {
  const t = useMessages().guards;
  const [text, setText] = useState("");
  const [stage, setStage] = useState<"input" | "output">("input");
  const tryGuards = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/gateway/guards/test", { body: { text, on: stage, model, guards: [] } })),
    onError: notifyError,
  });
  return (
    <Panel title={t.testTitle}>
      <Stack gap="sm">
        <Textarea
          label={t.testText}
          description={t.testHint}
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="space-between">
          <Select
            size="xs"
            aria-label={t.stage}
            allowDeselect={false}
            data={(["input", "output"] as const).map((value) => ({ value, label: t.stages[value] }))}
            value={stage}
            onChange={(value) => setStage((value ?? "input") as typeof stage)}
          />
          <Button
            size="xs"
            leftSection={<FlaskConical size={14} aria-hidden />}
            disabled={!text}
            loading={tryGuards.isPending}
            onClick={() => tryGuards.mutate()}
          >
            {t.test}
          </Button>
        </Group>
        {tryGuards.data && <GuardResult trial={tryGuards.data} />}
      </Stack>
    </Panel>
  );
}

import { Alert, Button, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { failed } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";

/** What was found, by kind: `card 2, email 1`. */
export const foundText = (found: Record<string, number> | undefined): string =>
  Object.entries(found ?? {})
    .map(([kind, times]) => `${kind} ${times}`)
    .join(", ");

function Outcome({ trial }: { trial: S["GuardTrial"] }) {
  const t = useMessages().guards;
  const f = useFormats();
  return (
    <Stack gap="xs" role="status">
      {trial.blocked_by && <Alert color="red">{t.blocked(trial.blocked_by)}</Alert>}
      {trial.text !== null && (
        <div>
          <Text size="xs" c="dimmed">
            {t.becomes}
          </Text>
          <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {trial.text}
          </Text>
        </div>
      )}
      <Facts
        items={trial.outcomes.map((one) => [
          one.guard,
          `${foundText(one.found) || t.nothing} · ${f.number(one.ms, 1)} ms`,
        ])}
      />
    </Stack>
  );
}

/** Hold a text against the guards of a route, or, without one, of the project. */
export function TryGuards({ model = "" }: { model?: string }) {
  const t = useMessages().guards;
  const [text, setText] = useState("");
  const [on, setOn] = useState<"input" | "output">("input");
  const hold = useMutation({
    mutationFn: () => ok(api.POST("/api/v1/gateway/guards/try", { body: { text, on, model, guards: [] } })),
    onError: failed,
  });
  return (
    <Panel title={t.tryTitle}>
      <Stack gap="sm">
        <Textarea
          label={t.tryText}
          description={t.tryHint}
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="space-between">
          <Select
            size="xs"
            aria-label={t.on}
            allowDeselect={false}
            data={(["input", "output"] as const).map((value) => ({ value, label: t.looks[value] }))}
            value={on}
            onChange={(value) => setOn((value ?? "input") as typeof on)}
          />
          <Button
            size="xs"
            leftSection={<FlaskConical size={14} aria-hidden />}
            disabled={!text}
            loading={hold.isPending}
            onClick={() => hold.mutate()}
          >
            {t.tryIt}
          </Button>
        </Group>
        {hold.data && <Outcome trial={hold.data} />}
      </Stack>
    </Panel>
  );
}

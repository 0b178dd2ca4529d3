import { Alert, Autocomplete, Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, type ChatMessage } from "@/components/Chat";
import { failed } from "@/components/notify";
import { ThingLink } from "@/components/ThingLink";
import { datasetNames } from "./queries";

type Props = { messages: ChatMessage[]; answer: string; span?: string; tools?: unknown; onClose: () => void };

/** Put a conversation and its answer, edited first where that is wanted, into a dataset as a row of its next version. */
export function KeepExample({ messages, answer, span, tools, onClose }: Props) {
  const t = useMessages().traces.keep;
  const app = useMessages().app;
  const f = useFormats();
  const client = useQueryClient();
  const names = useQuery(datasetNames);
  const [dataset, setDataset] = useState("");
  const [text, setText] = useState(answer);
  const [split, setSplit] = useState("");
  const name = dataset.trim();
  const isNew = name !== "" && names.data !== undefined && !names.data.includes(name);
  const keep = useMutation({
    mutationFn: () => {
      const row: S["Example"] = {
        messages: messages as S["Message"][],
        completion: { role: "assistant", content: text },
        tools: Array.isArray(tools) && tools.length ? tools : undefined,
        metadata: split.trim() ? { split: split.trim() } : {},
        weight: 1,
        origin: span ? { kind: "span", id: span } : undefined,
      };
      return ok(api.POST("/api/v1/data/datasets/{name}/rows", { params: { path: { name } }, body: [row] }));
    },
    onError: failed,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["data"] });
      client.invalidateQueries({ queryKey: datasetNames.queryKey });
    },
  });
  const made = keep.data;
  return (
    <Modal opened onClose={onClose} title={t.title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      {made ? (
        <Stack gap="md">
          <Alert variant="outline" color="teal" icon={<Check size={18} aria-hidden />} role="status">
            {t.kept(f.number(made.rows))} <ThingLink kind="dataset" of={`${made.name}@${made.hash.slice(0, 12)}`} />
          </Alert>
          <Group justify="flex-end">
            <Button size="xs" onClick={onClose}>
              {app.close}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name) keep.mutate();
          }}
        >
          <Stack gap="sm">
            <Group grow align="flex-start" gap="sm">
              <Autocomplete
                label={t.dataset}
                description={isNew ? t.isNew : t.choose}
                data={names.data ?? []}
                value={dataset}
                onChange={setDataset}
                data-autofocus
                required
                comboboxProps={{ withinPortal: true }}
              />
              <TextInput
                label={t.split}
                description={t.splitHint}
                value={split}
                onChange={(event) => setSplit(event.currentTarget.value)}
              />
            </Group>
            <div>
              <Text size="sm" fw={500} mb={4}>
                {t.conversation}
              </Text>
              <div
                style={{ maxHeight: 220, overflow: "auto", borderRadius: 8 }}
                tabIndex={0}
                role="group"
                aria-label={t.conversation}
              >
                <Chat messages={messages} />
              </div>
            </div>
            <Textarea
              label={t.answer}
              autosize
              minRows={3}
              maxRows={12}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              required
            />
            <Group justify="flex-end" gap="xs">
              <Button size="xs" variant="default" onClick={onClose}>
                {app.cancel}
              </Button>
              <Button size="xs" type="submit" loading={keep.isPending} disabled={!name || !text.trim()}>
                {t.save}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

import { Alert, Autocomplete, Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, type ChatMessage } from "@/components/Chat";
import { EntityLink } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { datasetNamesQuery } from "./queries";

type Props = { messages: ChatMessage[]; answer: string; span?: string; tools?: unknown; onClose: () => void };

/**
 * Show a form that appends a conversation and its answer, optionally edited, to a dataset as a row of the next version.
 */
export function SaveAsExample({ messages, answer, span, tools, onClose }: Props) {
  const t = useMessages().traces.keep;
  const app = useMessages().app;
  const f = useFormats();
  const client = useQueryClient();
  const names = useQuery(datasetNamesQuery);
  const [dataset, setDataset] = useState("");
  const [text, setText] = useState(answer);
  const [split, setSplit] = useState("");
  const name = dataset.trim();
  const isNewDataset = name !== "" && names.data !== undefined && !names.data.includes(name);
  const saveExample = useMutation({
    mutationFn: () => {
      const row: Schema["Example"] = {
        messages: messages as Schema["Message"][],
        completion: { role: "assistant", content: text },
        tools: Array.isArray(tools) && tools.length ? tools : undefined,
        metadata: split.trim() ? { split: split.trim() } : {},
        weight: 1,
        origin: span ? { kind: "span", id: span } : undefined,
      };
      return unwrap(api.POST("/api/v1/data/datasets/{name}/rows", { params: { path: { name } }, body: [row] }));
    },
    onError: notifyError,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["data"] });
      client.invalidateQueries({ queryKey: datasetNamesQuery.queryKey });
    },
  });
  const saved = saveExample.data;
  return (
    <Modal opened onClose={onClose} title={t.title} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      {saved ? (
        <Stack gap="md">
          <Alert variant="outline" color="teal" icon={<Check size={18} aria-hidden />} role="status">
            {t.added(f.number(saved.rows))}{" "}
            <EntityLink kind="dataset" entityRef={`${saved.name}@${saved.hash.slice(0, 12)}`} />
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
            if (name) saveExample.mutate();
          }}
        >
          <Stack gap="sm">
            <Group grow align="flex-start" gap="sm">
              <Autocomplete
                label={t.dataset}
                description={isNewDataset ? t.isNew : t.choose}
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
              <Button size="xs" type="submit" loading={saveExample.isPending} disabled={!name || !text.trim()}>
                {t.save}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

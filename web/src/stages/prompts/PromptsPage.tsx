import { Badge, Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus, SquarePen } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import type { Column } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { FormActions } from "@/components/FormActions";
import { ListTable } from "@/components/ListTable";
import { PageHeader } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { promptsQuery, statisticsQuery } from "./queries";
import { syncVariables, type Template, toDraft, toTemplate } from "./template";

const CLI = "vong prompts create answer --file prompt.yaml";
const PYTHON = `from vong.client import Client

Client().prompts.create("answer", {
    "variables": {"ticket": {"type": "string"}},
    "messages": [{"role": "user", "content": "Answer the ticket: {{ ticket }}"}],
})`;

function NewPrompt({ onClose }: { onClose: () => void }) {
  const { app, prompts: t } = useMessages();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const create = useMutation({
    mutationFn: () => {
      const first = {
        description: "",
        variables: {},
        messages: [{ role: "user", content: text }],
        tools: [],
        settings: {},
      };
      const { template } = toTemplate(syncVariables(toDraft(first as unknown as Template)));
      return unwrap(api.POST("/api/v1/prompts", { body: { name: name.trim(), template, message: "" } }));
    },
    onSuccess: (version) => {
      void client.invalidateQueries({ queryKey: ["prompts"] });
      void navigate({ to: "/prompts/$name", params: { name: version.name } });
    },
  });
  return (
    <Modal opened onClose={onClose} title={t.new} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t.name}
            description={t.nameHint}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label={t.firstMessage}
            description={t.firstMessageHint}
            autosize
            minRows={4}
            maxRows={14}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {create.isError && <ErrorAlert error={create.error} title={t.notCreated} flush />}
        </Stack>
        <FormActions
          label={t.create}
          disabled={!name.trim() || !text.trim()}
          loading={create.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

/** Show the labels of a prompt with the numbers or hashes of their versions. */
export function LabelBadges({ labels }: { labels: Schema["PromptSummary"]["labels"] }) {
  return (
    <Group gap={4} wrap="nowrap">
      {Object.keys(labels).map((label) => (
        <Badge key={label} size="sm" variant="light" color={label === "prod" ? "teal" : "gray"} title={labels[label]}>
          {label}
        </Badge>
      ))}
    </Group>
  );
}

const MAX_COUNTED = 50;
type Usage = { calls: number; cost: number | null };

/** Return the calls of the last 30 days and their cost, by prompt, for the first prompts of a list. */
function useUsage(prompts: Schema["PromptSummary"][]): Map<string, Usage> {
  const queries = useQueries({ queries: prompts.slice(0, MAX_COUNTED).map(({ name }) => statisticsQuery(name)) });
  const usage = new Map<string, Usage>();
  for (const { data } of queries) {
    if (!data) continue;
    const calls = data.versions.reduce((sum, one) => sum + one.calls, 0);
    const costs = data.versions.flatMap(({ cost }) => (typeof cost === "number" ? [cost] : []));
    usage.set(data.name, { calls, cost: costs.length ? costs.reduce((sum, cost) => sum + cost, 0) : null });
  }
  return usage;
}

function useColumns(usage: Map<string, Usage>): Column<Schema["PromptSummary"]>[] {
  const t = useMessages().prompts;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.prompt,
      width: "minmax(160px, 1fr)",
      cell: (prompt) => (
        <Text inherit fw={500} truncate title={prompt.description || undefined}>
          {prompt.name}
        </Text>
      ),
    },
    {
      id: "labels",
      title: t.labels,
      width: "minmax(150px, 1fr)",
      cell: (prompt) => <LabelBadges labels={prompt.labels} />,
    },
    { id: "versions", title: t.versions, width: "90px", alignRight: true, cell: (prompt) => f.number(prompt.versions) },
    {
      id: "calls",
      title: t.calls,
      width: "110px",
      alignRight: true,
      cell: (prompt) => f.number(usage.get(prompt.name)?.calls),
    },
    {
      id: "cost",
      title: t.cost,
      width: "90px",
      alignRight: true,
      cell: (prompt) => f.money(usage.get(prompt.name)?.cost),
    },
    { id: "model", title: t.model, width: "minmax(120px, 1fr)", cell: (prompt) => prompt.model ?? "" },
    { id: "variables", title: t.variables, width: "minmax(120px, 1fr)", cell: (prompt) => prompt.variables.join(", ") },
    {
      id: "updated",
      title: t.updated,
      width: "130px",
      alignRight: true,
      cell: (prompt) => <RelativeTime at={prompt.updated_at} />,
    },
  ];
}

/** Show the prompts of the project. */
export default function PromptsPage() {
  const { app, prompts: t } = useMessages();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const query = useQuery(promptsQuery());
  const columns = useColumns(useUsage(query.data ?? []));
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.new}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.prompts} subtitle={t.lead} actions={Boolean(query.data?.length) && button} />
      <ListTable
        query={query}
        label={app.nav.prompts}
        columns={columns}
        rowKey={(prompt) => prompt.name}
        onOpen={(prompt) => navigate({ to: "/prompts/$name", params: { name: prompt.name } })}
        empty={
          <EmptyState icon={SquarePen} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
            {t.emptyText}
          </EmptyState>
        }
      />
      {creating && <NewPrompt onClose={() => setCreating(false)} />}
    </>
  );
}

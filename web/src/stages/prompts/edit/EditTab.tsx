import { Alert, Autocomplete, Button, Collapse, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ChevronDown, Save } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { FormActions } from "@/components/FormActions";
import { notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { ErrorAlert, QueryBoundary } from "@/components/QueryBoundary";
import c from "../prompts.module.css";
import { branchesQuery, chatModelsQuery, versionQuery } from "../queries";
import { type Draft, type DraftErrors, syncVariables, toDraft, toTemplate } from "../template";
import { MessagesEditor } from "./MessagesEditor";
import { TryPanel } from "./TryPanel";
import { VariablesEditor } from "./VariablesEditor";

const page = getRouteApi("/prompts/$name");
type Version = Schema["PromptVersion"];

function SaveDialog({ version, draft, onClose }: { version: Version; draft: Draft; onClose: () => void }) {
  const { app, prompts } = useMessages();
  const t = prompts.edit;
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/prompts/$name" });
  const branches = useQuery(branchesQuery(version.name)).data ?? [];
  const [message, setMessage] = useState("");
  const [branch, setBranch] = useState(version.branch);
  const head = branches.find((one) => one.branch === branch);
  const save = useMutation({
    mutationFn: async () => {
      const isNew = !head;
      if (isNew)
        await unwrap(
          api.POST("/api/v1/prompts/{name}/branches", {
            params: { path: { name: version.name } },
            body: { branch, version: String(version.number) },
          }),
        );
      const isHead = isNew || head.number === version.number;
      return unwrap(
        api.POST("/api/v1/prompts/{name}/versions", {
          params: { path: { name: version.name } },
          body: {
            template: toTemplate(draft).template,
            branch,
            message,
            base: isHead ? String(version.number) : head.head,
          },
        }),
      );
    },
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["prompts"] });
      notifySuccess(t.saved(String(saved.number)));
      void navigate({ search: { tab: "edit", version: String(saved.number) }, replace: true });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t.saveTitle} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <Textarea
            label={t.message}
            description={t.messageHint}
            data-autofocus
            autosize
            minRows={2}
            value={message}
            onChange={(event) => setMessage(event.currentTarget.value)}
          />
          <Autocomplete
            label={t.branch}
            description={t.branchHint}
            data={branches.map((one) => one.branch)}
            value={branch}
            onChange={setBranch}
          />
          {head && head.number !== version.number && <Alert color="yellow">{t.notHead(String(head.number))}</Alert>}
          {save.isError && <ErrorAlert error={save.error} title={t.notSaved} flush />}
        </Stack>
        <FormActions label={t.save} loading={save.isPending} disabled={!branch.trim()} onCancel={onClose} />
      </form>
    </Modal>
  );
}

const JSON_FIELDS = ["settings", "outputSchema", "tools"] as const;

function MoreFields({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: DraftErrors;
  onChange: (draft: Draft) => void;
}) {
  const t = useMessages().prompts.edit;
  const models = useQuery(chatModelsQuery).data ?? [];
  const [opened, setOpened] = useState(Boolean(draft.tools || draft.outputSchema));
  return (
    <Panel title={t.modelTitle}>
      <Stack gap="sm">
        <Autocomplete
          label={t.model}
          description={t.modelHint}
          data={models}
          limit={30}
          value={draft.model}
          onChange={(model) => onChange({ ...draft, model })}
        />
        <TextInput
          label={t.description}
          value={draft.description}
          onChange={(event) => onChange({ ...draft, description: event.currentTarget.value })}
        />
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          leftSection={<ChevronDown size={14} aria-hidden />}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
          style={{ justifySelf: "start", alignSelf: "flex-start" }}
        >
          {t.more}
        </Button>
        <Collapse expanded={opened}>
          <Stack gap="sm">
            {JSON_FIELDS.map((field) => (
              <Textarea
                key={field}
                label={t.fields[field]}
                description={t.jsonHint}
                autosize
                minRows={2}
                maxRows={14}
                styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
                value={draft[field]}
                error={errors[field] && t.invalidJson[errors[field] as "object" | "array"]}
                onChange={(event) => onChange({ ...draft, [field]: event.currentTarget.value })}
              />
            ))}
          </Stack>
        </Collapse>
      </Stack>
    </Panel>
  );
}

function Editor({ version }: { version: Version }) {
  const t = useMessages().prompts.edit;
  const f = useFormats();
  const [draft, setDraft] = useState(() => toDraft(version.template));
  const [saving, setSaving] = useState(false);
  const change = (next: Draft) => setDraft(syncVariables(next));
  const { template, errors } = toTemplate(draft);
  const isChanged = JSON.stringify(template) !== JSON.stringify(toTemplate(toDraft(version.template)).template);
  return (
    <>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" component="div">
          {t.version(f.number(version.number), version.branch)}
          {isChanged && ` · ${t.unsaved}`}
        </Text>
        <Button
          size="sm"
          leftSection={<Save size={15} aria-hidden />}
          disabled={!isChanged || Object.keys(errors).length > 0}
          onClick={() => setSaving(true)}
        >
          {t.saveNew}
        </Button>
      </Group>
      <div className={c.columns}>
        <div className={c.column}>
          <MessagesEditor draft={draft} errors={errors} onChange={change} />
          <VariablesEditor draft={draft} errors={errors} onChange={setDraft} />
          <MoreFields draft={draft} errors={errors} onChange={change} />
        </div>
        <div className={c.column}>
          <TryPanel version={version} draft={draft} isChanged={isChanged} />
        </div>
      </div>
      {saving && <SaveDialog version={version} draft={draft} onClose={() => setSaving(false)} />}
    </>
  );
}

/** Show the editor of a prompt: messages, variables, model and settings, with a trial beside. */
export function EditTab({ prompt }: { prompt: Schema["PromptSummary"] }) {
  const { version } = page.useSearch();
  const query = useQuery(versionQuery(prompt.name, version ?? String(prompt.number)));
  return <QueryBoundary query={query}>{(found) => <Editor key={found.hash} version={found} />}</QueryBoundary>;
}

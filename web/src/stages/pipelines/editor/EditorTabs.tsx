import { Alert, Button, Modal, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Play, Save } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import type { Definition } from "../model/definition";
import { findStep, toGraph } from "../model/graph";
import { type PipelineText, pipelineQuery } from "../queries";
import { lastRunQuery, runDefinitionQuery } from "../runs/queries";
import { stepSettings } from "../runs/replay";
import type { Tab } from "../search";
import { explain } from "./explain";
import { type Editor, useEditor } from "./useEditor";
import { YamlTab } from "./YamlTab";

const CanvasTab = lazy(() => import("./CanvasTab").then((module) => ({ default: module.CanvasTab })));
const ReplayDialog = lazy(() => import("../runs/ReplayDialog").then((module) => ({ default: module.ReplayDialog })));
const RunDialog = lazy(() => import("../runs/RunDialog").then((module) => ({ default: module.RunDialog })));

type Props = { pipeline: PipelineText; tab: Tab; actions: HTMLElement | null };

/** Show both forms of a pipeline, canvas and YAML, which share one text and one history. */
export default function EditorTabs({ pipeline, tab, actions }: Props) {
  const { pipelines: t } = useMessages();
  const navigate = useNavigate({ from: "/pipelines/$name" });
  const editor = useEditor(pipeline);
  const [saving, save] = useDisclosure();
  const [running, setRunning] = useState(false);
  const [from, setFrom] = useState<string | null>(null);
  const errors = editor.findings.filter((finding) => finding.level !== "warning").length;
  const canSave = editor.isChanged && editor.problem === null;
  const buttons = (
    <>
      {editor.isChanged && (
        <Button variant="default" size="sm" onClick={editor.discard}>
          {t.editor.discard}
        </Button>
      )}
      <Button
        variant="default"
        size="sm"
        leftSection={<Save size={14} aria-hidden />}
        disabled={!canSave}
        onClick={save.open}
      >
        {t.editor.save}
      </Button>
      <Button size="sm" leftSection={<Play size={14} aria-hidden />} onClick={() => setRunning(true)}>
        {t.run.start}
      </Button>
    </>
  );
  return (
    <>
      {actions && createPortal(buttons, actions)}
      {editor.isRestored && (
        <Alert variant="outline" color="yellow" mb="sm" p="xs" title={t.editor.restored}>
          <Text size="sm">{t.editor.restoredText}</Text>
        </Alert>
      )}
      {tab === "yaml" ? (
        <YamlTab editor={editor} onSelect={() => navigate({ search: { tab: "canvas" } })} />
      ) : (
        tab === "canvas" && (
          <Suspense fallback={<LoadingPlaceholder />}>
            <CanvasTab editor={editor} onRunFrom={setFrom} />
          </Suspense>
        )
      )}
      {saving && <SaveDialog editor={editor} errors={errors} onClose={save.close} />}
      <Suspense>
        {from && <RunFrom editor={editor} step={from} onClose={() => setFrom(null)} />}
        {running && (
          <RunDialog
            name={editor.base.name}
            inputs={editor.graph.top.inputs}
            draft={editor.isChanged ? editor.text : undefined}
            onClose={() => setRunning(false)}
          />
        )}
      </Suspense>
    </>
  );
}

/** Repeat the newest finished run from one step on, with the settings that the step has in the editor. */
function RunFrom({ editor, step, onClose }: { editor: Editor; step: string; onClose: () => void }) {
  const t = useMessages().pipelineRuns;
  const { name } = editor.base;
  const run = useQuery(lastRunQuery(name));
  const definition = useQuery({ ...runDefinitionQuery(run.data?.id ?? ""), enabled: Boolean(run.data) });
  const hasNone = run.data === null;
  useEffect(() => {
    if (!hasNone) return;
    explain(t.runFromNone);
    onClose();
  }, [hasNone, t, onClose]);
  if (!run.data || !definition.data) return null;
  const graph = toGraph(definition.data as unknown as Definition);
  const initial = findStep(graph, step) && { step, settings: stepSettings(editor.graph, step) };
  return <ReplayDialog name={name} run={run.data} graph={graph} initial={initial} onClose={onClose} />;
}

function SaveDialog({ editor, errors, onClose }: { editor: Editor; errors: number; onClose: () => void }) {
  const { app, pipelines: t } = useMessages();
  const client = useQueryClient();
  const [message, setMessage] = useState("");
  const { name, number } = editor.base;
  const store = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/pipelines/{name}/versions", {
          params: { path: { name } },
          body: { definition: editor.text, message: message.trim(), base: String(number) },
        }),
      ),
    onSuccess: (version) => {
      editor.rebase(version);
      client.setQueryData(pipelineQuery(name).queryKey, { version, text: editor.text });
      void client.invalidateQueries({ queryKey: ["pipelines", "list"] });
      void client.invalidateQueries({ queryKey: ["pipelines", "versions", name] });
      notifySuccess(t.editor.saved(version.number));
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.editor.saveTitle} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          store.mutate();
        }}
      >
        {errors > 0 && (
          <Alert color="red" mb="sm" p="xs">
            {t.editor.saveErrors(errors)}
          </Alert>
        )}
        <TextInput
          label={t.editor.message}
          description={t.editor.messageHint}
          data-autofocus
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
        />
        <FormActions label={t.editor.save} loading={store.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

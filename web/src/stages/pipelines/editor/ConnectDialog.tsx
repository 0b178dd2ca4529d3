import { Modal, Select, Stack } from "@mantine/core";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { connectionProblem } from "../model/edits";
import type { Graph } from "../model/graph";

type Props = {
  graph: Graph;
  from: string;
  ports: string[];
  onConnect: (to: string, port?: string) => void;
  onClose: () => void;
};

/** Choose the step that runs after another, and the port after which it runs. */
export function ConnectDialog({ graph, from, ports, onConnect, onClose }: Props) {
  const { app, pipelines: t } = useMessages();
  const [to, setTo] = useState<string | null>(null);
  const [port, setPort] = useState<string | null>(null);
  const targets = graph.steps.filter((step) => connectionProblem(graph, from, step.id) === null).map((step) => step.id);
  return (
    <Modal opened onClose={onClose} title={t.editor.connectFrom(from)} closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (to) onConnect(to, port ?? undefined);
        }}
      >
        <Stack gap="sm">
          <Select
            label={t.editor.connectTo}
            searchable
            data-autofocus
            data={targets}
            value={to}
            onChange={(id) => (id && !ports.length ? onConnect(id) : setTo(id))}
            selectFirstOptionOnChange
            nothingFoundMessage={t.editor.notFound}
          />
          {ports.length > 0 && (
            <Select
              label={t.editor.port}
              clearable
              clearButtonProps={{ "aria-label": app.grid.clear }}
              data={ports}
              value={port}
              onChange={setPort}
            />
          )}
        </Stack>
        <FormActions label={t.editor.connect} disabled={!to} loading={false} onCancel={onClose} />
      </form>
    </Modal>
  );
}

import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMessages } from "@/app/i18n";
import { edgeReferences } from "../model/dataEdges";
import { type Graph, OUTPUTS } from "../model/graph";
import c from "./editor.module.css";

type Props = { graph: Graph; from: string; to: string; onRemove: () => void; onClose: () => void };

/** Ask before a data edge is removed: it follows from references, which are shown as they are and as they become. */
export function DataEdgeDialog({ graph, from, to, onRemove, onClose }: Props) {
  const { app, pipelines: t } = useMessages();
  const references = edgeReferences(graph, from, to);
  const isRefused = references.some((reference) => reference.after === null);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.editor.removeEdge}
      size="lg"
      closeButtonProps={{ "aria-label": app.close }}
    >
      <Stack gap="sm">
        <Text size="sm">{t.editor.edgeReferences}</Text>
        {references.map((reference) => (
          <div key={`${reference.id} ${reference.field} ${reference.before}`}>
            <Text size="xs" c="dimmed">
              {reference.id === OUTPUTS ? t.canvas.outputs : `${reference.id} · ${reference.field}`}
            </Text>
            <div className={c.change}>
              <del>{reference.before}</del>
              {reference.after !== null && <ins>{reference.after.trim() ? reference.after : t.editor.emptyText}</ins>}
            </div>
          </div>
        ))}
        {isRefused && (
          <Alert color="yellow" p="xs">
            {t.editor.edgeStatement}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {app.cancel}
          </Button>
          <Button color="red" disabled={isRefused} data-autofocus onClick={onRemove}>
            {t.editor.removeReferences}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

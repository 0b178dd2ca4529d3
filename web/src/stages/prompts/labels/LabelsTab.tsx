import { Badge, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Tag, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { ReasonDialog } from "@/components/ReasonDialog";
import { RelativeTime } from "@/components/RelativeTime";
import c from "../prompts.module.css";
import { labelsQuery } from "../queries";
import { MoveLabelDialog } from "./MoveLabelDialog";

const page = getRouteApi("/prompts/$name");
type Label = Schema["PromptLabel"];

function Change({ change, actions }: { change: Label; actions?: React.ReactNode }) {
  const t = useMessages().prompts.labelsTab;
  const f = useFormats();
  const evidence = Object.keys(change.evidence);
  return (
    <li className={c.item}>
      <div style={{ minWidth: 0 }}>
        <Group gap={8}>
          <Badge size="sm" variant="light" color={change.label === "prod" ? "teal" : "gray"}>
            {change.label}
          </Badge>
          <Text size="sm">
            {change.number ? t.names(f.number(change.number)) : t.removedLabel}{" "}
            <Text span inherit c="dimmed" className="mono">
              {change.version?.split("@")[1] ?? ""}
            </Text>
          </Text>
        </Group>
        {(change.reason || evidence.length > 0) && (
          <Text size="sm">
            {[change.reason, evidence.length ? t.evidence(evidence.join(", ")) : ""].filter(Boolean).join(" · ")}
          </Text>
        )}
        <Text size="xs" c="dimmed" component="div">
          {change.moved_by} · <RelativeTime at={change.created_at} />
        </Text>
      </div>
      {actions}
    </li>
  );
}

/** Show the labels of a prompt: their versions, what their gates require, and the history. */
export function LabelsTab({ prompt }: { prompt: Schema["PromptSummary"] }) {
  const t = useMessages().prompts.labelsTab;
  const client = useQueryClient();
  const { version } = page.useSearch();
  const [moving, setMoving] = useState<string>();
  const [rollback, setRollback] = useState<Label>();
  const current = useQuery(labelsQuery(prompt.name, false));
  const history = useQuery(labelsQuery(prompt.name, true));
  const rollBack = useMutation({
    mutationFn: (reason: string) =>
      unwrap(
        api.POST("/api/v1/prompts/{name}/labels/{label}/rollback", {
          params: { path: { name: prompt.name, label: rollback?.label ?? "" } },
          body: { reason },
        }),
      ),
    onSuccess: (label) => {
      notifySuccess(t.moved(label.label, String(label.number)));
      setRollback(undefined);
      void client.invalidateQueries({ queryKey: ["prompts"] });
    },
    onError: notifyError,
  });
  return (
    <>
      <Panel
        title={t.title}
        flush
        actions={
          <Button size="compact-sm" leftSection={<Tag size={13} aria-hidden />} onClick={() => setMoving("prod")}>
            {t.move}
          </Button>
        }
      >
        <QueryBoundary query={current} lines={2}>
          {(labels) =>
            labels.length ? (
              <ul className={c.list}>
                {labels.map((label) => (
                  <Change
                    key={label.id}
                    change={label}
                    actions={
                      <Group gap={4}>
                        <Button size="compact-xs" variant="subtle" onClick={() => setMoving(label.label)}>
                          {t.move}
                        </Button>
                        <Button
                          size="compact-xs"
                          variant="subtle"
                          color="gray"
                          leftSection={<Undo2 size={12} aria-hidden />}
                          onClick={() => setRollback(label)}
                        >
                          {t.rollBack}
                        </Button>
                      </Group>
                    }
                  />
                ))}
              </ul>
            ) : (
              <Text size="sm" c="dimmed" p="md">
                {t.none}
              </Text>
            )
          }
        </QueryBoundary>
      </Panel>
      {history.data !== undefined && history.data.length > 0 && (
        <Panel title={t.history} flush>
          <ul className={c.list}>
            {history.data.map((change) => (
              <Change key={change.id} change={change} />
            ))}
          </ul>
        </Panel>
      )}
      {moving !== undefined && (
        <MoveLabelDialog prompt={prompt} label={moving} version={version} onClose={() => setMoving(undefined)} />
      )}
      {rollback && (
        <ReasonDialog
          opened
          title={t.rollBackTitle(rollback.label)}
          text={t.rollBackText}
          label={t.rollBack}
          loading={rollBack.isPending}
          onClose={() => setRollback(undefined)}
          onConfirm={(reason) => rollBack.mutate(reason)}
        />
      )}
    </>
  );
}

import { Badge, Button, Checkbox, Group, Modal, Select, Stack, Text, Textarea } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Tag } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { labelsQuery, type PipelineVersion, versionsQuery } from "../queries";
import c from "./versions.module.css";

const Comparison = lazy(() => import("./Comparison"));
const page = getRouteApi("/pipelines/$name");
const LABELS = ["dev", "staging", "prod"];

/** Show the versions of a pipeline and their labels, and compare two of them. */
export function VersionsTab({ name }: { name: string }) {
  const t = useMessages().pipelineRuns.versions;
  const search = page.useSearch();
  const navigate = useNavigate({ from: "/pipelines/$name" });
  const versions = useInfiniteQuery(versionsQuery(name));
  const labels = useQuery(labelsQuery(name));
  const [labelled, setLabelled] = useState<PipelineVersion | null>(null);
  const list = versions.data?.pages.flat() ?? [];
  const chosen = [search.old, search.new].filter((one) => one !== undefined);
  const choose = (number: string, isChosen: boolean) => {
    const next = isChosen ? [...chosen, number].slice(-2) : chosen.filter((one) => one !== number);
    const [old, newer] = next.sort((a, b) => Number(a) - Number(b));
    void navigate({ search: (previous) => ({ ...previous, old, new: newer }) });
  };
  if (!versions.data) return <LoadingPlaceholder />;
  return (
    <Stack gap="md">
      {search.old && search.new && (
        <Suspense fallback={<LoadingPlaceholder />}>
          <Comparison name={name} older={search.old} newer={search.new} />
        </Suspense>
      )}
      <Panel title={t.title}>
        <Text size="sm" c="dimmed">
          {t.hint}
        </Text>
        <ul className={c.list}>
          {list.map((version) => (
            <li key={version.number} className={c.version}>
              <Checkbox
                aria-label={t.compare(version.number)}
                checked={chosen.includes(String(version.number))}
                onChange={(event) => choose(String(version.number), event.currentTarget.checked)}
              />
              <b className="num">{version.number}</b>
              <span className="mono">{version.hash.slice(0, 12)}</span>
              {(labels.data ?? [])
                .filter((label) => label.version?.includes(version.hash.slice(0, 12)))
                .map((label) => (
                  <Badge
                    key={label.label}
                    size="sm"
                    variant="light"
                    color={label.label === "prod" ? "teal" : "gray"}
                    tt="none"
                  >
                    {label.label}
                  </Badge>
                ))}
              <span className={c.message}>{version.message}</span>
              <Text size="xs" c="dimmed">
                {version.created_by}
              </Text>
              <RelativeTime at={version.created_at} />
              <Button
                size="compact-xs"
                variant="default"
                leftSection={<Tag size={12} aria-hidden />}
                onClick={() => setLabelled(version)}
              >
                {t.setLabel}
              </Button>
            </li>
          ))}
        </ul>
        {versions.hasNextPage && (
          <Group justify="center" mt="sm">
            <Button size="xs" variant="default" onClick={() => versions.fetchNextPage()}>
              {t.more}
            </Button>
          </Group>
        )}
      </Panel>
      {labelled && <LabelDialog version={labelled} onClose={() => setLabelled(null)} />}
    </Stack>
  );
}

function LabelDialog({ version, onClose }: { version: PipelineVersion; onClose: () => void }) {
  const { app, pipelineRuns } = useMessages();
  const t = pipelineRuns.versions;
  const client = useQueryClient();
  const [label, setLabel] = useState("staging");
  const [reason, setReason] = useState("");
  const store = useMutation({
    mutationFn: () =>
      unwrap(
        api.PUT("/api/v1/pipelines/{name}/labels/{label}", {
          params: { path: { name: version.name, label } },
          body: { version: String(version.number), reason: reason.trim() || null, evidence: {} },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["pipelines"] });
      notifySuccess(t.labelled(label, version.number));
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.setLabelTitle(version.number)}
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          store.mutate();
        }}
      >
        <Stack gap="sm">
          <Select
            label={t.label}
            data={LABELS}
            allowDeselect={false}
            value={label}
            onChange={(value) => value && setLabel(value)}
          />
          <Textarea
            label={t.reason}
            description={t.reasonHint}
            autosize
            minRows={2}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Stack>
        <FormActions label={t.setLabel} loading={store.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

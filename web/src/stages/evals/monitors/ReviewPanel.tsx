import { Button, Group, Kbd, Text, Textarea } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Activity } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError } from "@/components/notify";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { correctableText } from "@/components/span/body";
import { spanQuery } from "@/components/span/queries";
import { SpanBody } from "@/components/span/SpanBody";
import type { ReviewItem } from "./queries";

type Props = {
  item: ReviewItem | undefined;
  opened: boolean;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
  /** Called after the item was completed. */
  onDone: () => void;
};
type Completion = Schema["ReviewCompletion"];

/** Show one answer of the review list: the reason, the call, and the keys that complete it. */
export function ReviewPanel({ item, opened, onClose, onStep, onDone }: Props) {
  const { monitors } = useMessages();
  const span = useQuery({ ...spanQuery(item?.span_id ?? ""), enabled: opened && Boolean(item) });
  return (
    <SidePanel opened={opened} onClose={onClose} onStep={onStep} title={item?.monitor ?? monitors.review.title}>
      {item && (
        <QueryBoundary query={span} lines={10}>
          {(loaded) => <Review key={item.id} item={item} span={loaded} onDone={onDone} />}
        </QueryBoundary>
      )}
    </SidePanel>
  );
}

function Review({ item, span, onDone }: { item: ReviewItem; span: Schema["Span"]; onDone: () => void }) {
  const { monitors } = useMessages();
  const t = monitors.review;
  const f = useFormats();
  const answer = correctableText(span.output);
  const [correction, setCorrection] = useState<string | undefined>();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["monitors"] });
  const path = { params: { path: { id: item.id } } };
  const complete = useMutation({
    mutationFn: (body: Completion) => unwrap(api.POST("/api/v1/evals/reviews/{id}/complete", { ...path, body })),
    onSuccess: () => {
      onDone();
      void refresh();
    },
    onError: notifyError,
  });
  const take = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/evals/reviews/{id}/take", path)),
    onSuccess: refresh,
    onError: notifyError,
  });
  const release = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/evals/reviews/{id}/assign", { ...path, body: { assignee: null } as never })),
    onSuccess: refresh,
    onError: notifyError,
  });
  const reopen = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/evals/reviews/{id}/reopen", path)),
    onSuccess: refresh,
    onError: notifyError,
  });
  const isOpen = item.status === "open";
  const busy = complete.isPending || take.isPending;
  const finish = (resolution: Completion["resolution"], text?: string) =>
    isOpen && !busy && complete.mutate({ resolution, correction: text } as Completion);
  useHotkeys([
    ["T", () => isOpen && !busy && take.mutate()],
    ["A", () => finish("accepted")],
    ["D", () => finish("dismissed")],
    ["C", () => isOpen && setCorrection(answer)],
  ]);
  const canSave = Boolean(correction?.trim()) && correction !== answer;
  const save = () => canSave && finish("corrected", correction);
  return (
    <div>
      <Text size="sm" fw={500}>
        {item.reason}
      </Text>
      <Text size="xs" c="dimmed" className="num" mb="xs">
        {item.metric} {f.fixed(item.value, 2)} &lt; {f.fixed(item.bound, 2)} · {item.model} ·{" "}
        {item.status === "done" && item.resolution
          ? `${t.resolution[item.resolution]}: ${item.done_by ?? ""}`
          : `${t.assignee}: ${item.assignee ?? t.nobody}`}
      </Text>
      <Group gap="xs">
        {isOpen ? (
          <>
            <Button size="xs" onClick={() => finish("accepted")} disabled={busy}>
              {t.accept}&nbsp;<Kbd size="xs">A</Kbd>
            </Button>
            <Button size="xs" variant="default" onClick={() => setCorrection(answer)} disabled={busy}>
              {t.correct}&nbsp;<Kbd size="xs">C</Kbd>
            </Button>
            <Button size="xs" variant="default" onClick={() => finish("dismissed")} disabled={busy}>
              {t.dismiss}&nbsp;<Kbd size="xs">D</Kbd>
            </Button>
            {item.assignee ? (
              <Button size="xs" variant="default" onClick={() => release.mutate()} disabled={busy}>
                {t.release}
              </Button>
            ) : (
              <Button size="xs" variant="default" onClick={() => take.mutate()} disabled={busy}>
                {t.take}&nbsp;<Kbd size="xs">T</Kbd>
              </Button>
            )}
          </>
        ) : (
          <Button size="xs" variant="default" onClick={() => reopen.mutate()} loading={reopen.isPending}>
            {t.reopen}
          </Button>
        )}
        <Button
          component={Link}
          to="/traces"
          search={{ span: item.span_id } as never}
          size="xs"
          variant="subtle"
          leftSection={<Activity size={14} aria-hidden />}
        >
          {t.trace}
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mt={6}>
        {t.keys}
      </Text>
      {correction !== undefined && (
        <div style={{ marginTop: 12 }}>
          <Textarea
            autosize
            minRows={3}
            maxRows={16}
            autoFocus
            label={t.correction}
            description={t.correctionHint}
            value={correction}
            onChange={(event) => setCorrection(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
              if (event.key === "Escape") {
                event.stopPropagation();
                setCorrection(undefined);
              }
            }}
          />
          <Group justify="flex-end" mt="xs">
            <Button size="xs" onClick={save} disabled={!canSave} loading={complete.isPending}>
              {t.save}
            </Button>
          </Group>
        </div>
      )}
      <SidePanelSection title={t.input}>
        <SpanBody value={span.input} label={t.input} />
      </SidePanelSection>
      <SidePanelSection title={t.answer}>
        <SpanBody value={span.output} label={t.answer} />
      </SidePanelSection>
    </div>
  );
}

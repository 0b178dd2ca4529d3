import { Alert, Checkbox, Modal, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, type Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { MetricsTable } from "@/components/comparison/MetricsTable";
import { LocationLink } from "@/components/EntityLink";
import { FormActions } from "@/components/FormActions";
import { GateResult } from "@/components/GateResult";
import { notifySuccess } from "@/components/notify";
import { QueryBoundary } from "@/components/QueryBoundary";
import { indexComparisonQuery, indexGateQuery, switchIndex } from "./queries";

type Index = Schema["IndexVersion"];

function Evidence({ base, live, index }: { base: string; live: number; index: Index }) {
  const t = useMessages().knowledgeIndexes;
  const query = useQuery(indexComparisonQuery(base, live, index.number));
  return (
    <QueryBoundary query={query} lines={3}>
      {(comparison) =>
        comparison ? (
          <Stack gap={6}>
            <MetricsTable comparison={comparison} />
            <Text size="xs">
              <LocationLink
                to={`/knowledge/${encodeURIComponent(base)}/compare`}
                search={{ a: comparison.a.id, b: comparison.b.id }}
              >
                {t.compareFull}
              </LocationLink>
            </Text>
          </Stack>
        ) : (
          <Text size="sm" c="dimmed">
            {t.noEvidence}
          </Text>
        )
      }
    </QueryBoundary>
  );
}

type Props = { base: string; index: Index; live: number | undefined; onClose: () => void };

/** Show what a switch to an index rests on: the gate, the comparison with the live index, and the reason. */
export function SwitchDialog({ base, index, live, onClose }: Props) {
  const { knowledgeIndexes: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [allowMissing, setAllowMissing] = useState(false);
  const gate = useQuery(indexGateQuery(base, index.number));
  const change = useMutation({
    mutationFn: () => switchIndex(base, index.number, { reason: reason.trim() || null, allow_missing: allowMissing }),
    onSuccess: () => {
      notifySuccess(t.switched(f.number(index.number)));
      onClose();
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["knowledge"] });
      void client.invalidateQueries({ queryKey: ["loop"] });
    },
  });
  const error = change.error instanceof ApiError ? change.error : null;
  const text = error && [error.title, error.hint].filter(Boolean).join(". ");
  const isReasonMissing = error !== null && /reason|evidence/i.test(text ?? "");
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t.switchTitle(f.number(index.number))}
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Stack gap="md">
          {live !== undefined && <Text size="sm">{t.switchText(f.number(live))}</Text>}
          <div>
            <Title order={3} mb={6}>
              {t.gate}
            </Title>
            <QueryBoundary query={gate} lines={2}>
              {(decision) => <GateResult decision={decision} />}
            </QueryBoundary>
            {gate.data && gate.data.policies.length === 0 && (
              <Text size="sm" c="dimmed">
                {t.gateAllows}
              </Text>
            )}
          </div>
          {live !== undefined && (
            <div>
              <Title order={3} mb={6}>
                {t.evidence}
              </Title>
              <Evidence base={base} live={live} index={index} />
            </div>
          )}
          <Textarea
            label={t.reasonLabel}
            description={t.reasonHint}
            autosize
            minRows={2}
            value={reason}
            error={isReasonMissing ? text : undefined}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {index.missing > 0 && (
            <Checkbox
              label={t.allowMissing(f.number(index.missing))}
              checked={allowMissing}
              onChange={(event) => setAllowMissing(event.currentTarget.checked)}
            />
          )}
          {text && !isReasonMissing && (
            <Alert color="red" role="alert">
              {text}
            </Alert>
          )}
        </Stack>
        <FormActions
          label={index.state === "retired" ? t.switchBack : t.makeLive}
          loading={change.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

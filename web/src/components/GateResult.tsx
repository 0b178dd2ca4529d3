import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleX, ThumbsUp } from "lucide-react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "@/components/Code";
import { notifyError, notifySuccess } from "@/components/notify";
import c from "./GateResult.module.css";

type Decision = Schema["GateDecision"];

function ApproveButton({ decision }: { decision: Decision }) {
  const t = useMessages().releases;
  const client = useQueryClient();
  const approve = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/evals/gates/approvals", {
          body: { subject: decision.subject, candidate: decision.target ?? decision.candidate },
        }),
      ),
    onSuccess: () => notifySuccess(t.approved),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["loop"] }),
  });
  return (
    <Button
      size="compact-xs"
      variant="light"
      leftSection={<ThumbsUp size={12} aria-hidden />}
      loading={approve.isPending}
      onClick={() => approve.mutate()}
      style={{ justifySelf: "start" }}
    >
      {t.approve}
    </Button>
  );
}

/** Show a gate decision: each requirement, and the button or command that provides what is missing. */
export function GateResult({ decision }: { decision: Decision }) {
  const t = useMessages().releases;
  const requirements = decision.requirements ?? [];
  if (!(decision.policies ?? []).length) {
    return (
      <Text size="sm" c="dimmed">
        {t.noPolicy}
      </Text>
    );
  }
  return (
    <Stack gap="sm">
      <Alert color={decision.passed ? "teal" : "red"} p="xs" role="status">
        {decision.passed ? t.passes : t.rejected}
        {decision.override && ` · ${t.override(decision.override.reason)}`}
      </Alert>
      {requirements.map((one) => (
        <div key={`${one.policy} ${one.name}`} className={c.requirement}>
          <Group gap={8} wrap="nowrap" align="flex-start">
            {one.passed ? (
              <CircleCheck
                size={15}
                color="var(--mantine-color-teal-6)"
                aria-hidden
                style={{ flex: "none", marginTop: 3 }}
              />
            ) : (
              <CircleX
                size={15}
                color="var(--mantine-color-red-6)"
                aria-hidden
                style={{ flex: "none", marginTop: 3 }}
              />
            )}
            <Text size="sm" style={{ overflowWrap: "anywhere", minWidth: 0 }}>
              {one.detail}
            </Text>
          </Group>
          {!one.passed && one.kind === "approval" && <ApproveButton decision={decision} />}
          {!one.passed && one.command && <CodeBlock text={one.command} wrap label={t.run} />}
        </div>
      ))}
    </Stack>
  );
}

import { Alert, Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Shield } from "lucide-react";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { EmptyState } from "@/components/EmptyState";
import { notifyError, notifySuccess } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { GatewayTabs } from "./GatewayTabs";
import { type GuardConfig, GuardsEditor, GuardsTable } from "./GuardsEditor";
import { guardsQuery, selfTestQuery } from "./queries";
import { TryGuards } from "./TryGuards";

const CLI = `vong gateway guards create pii --action mask
vong gateway guards test "write to linh@example.com"`;
const PYTHON = `from vong.client import Client
from vong.records.guard import GuardConfig

vong = Client()
vong.gateway.guards.set([GuardConfig(guard="pii", action="mask")])`;

/** Show the result of the server's masking self-test. */
function SelfTest() {
  const t = useMessages().guards;
  const result = useQuery(selfTestQuery()).data;
  if (!result) return null;
  return result.passed ? (
    <Alert color="green">{t.selfTestPassed(result.cases)}</Alert>
  ) : (
    <Alert color="red">
      {t.selfTestFailed} {result.leaks.join("; ")}
    </Alert>
  );
}

/** Show the guards that apply to all calls of the project. */
export default function GuardsPage() {
  const { guards: t, app } = useMessages();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const query = useQuery(guardsQuery());
  const save = useMutation({
    mutationFn: (newGuards: GuardConfig[]) =>
      unwrap(api.PUT("/api/v1/gateway/guards", { body: { guards: newGuards } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway", "guards"] });
      notifySuccess(t.saved);
      setOpen(false);
    },
    onError: notifyError,
  });
  const button = (
    <Button size="sm" leftSection={<Shield size={15} aria-hidden />} onClick={() => setOpen(true)}>
      {query.data?.guards?.length ? t.change : t.create}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.title}
        subtitle={t.lead}
        breadcrumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={!open && !!query.data?.guards?.length && button}
      />
      <GatewayTabs />
      <PageBody>
        <QueryBoundary query={query}>
          {({ guards = [] }) =>
            open ? (
              <Panel title={t.title} flush>
                <GuardsEditor
                  guards={guards}
                  saving={save.isPending}
                  onSave={(newGuards) => save.mutate(newGuards)}
                  onClose={() => setOpen(false)}
                />
              </Panel>
            ) : guards.length ? (
              <>
                <Panel title={t.title} flush>
                  <GuardsTable guards={guards} />
                </Panel>
                <TryGuards />
                <SelfTest />
              </>
            ) : (
              <EmptyState icon={Shield} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.emptyText}
              </EmptyState>
            )
          }
        </QueryBoundary>
      </PageBody>
    </>
  );
}

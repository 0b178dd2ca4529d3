import { Alert, Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Shield } from "lucide-react";
import { useState } from "react";
import { api, ok } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Await } from "@/components/Await";
import { EmptyState } from "@/components/EmptyState";
import { done, failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { GuardsEditor, GuardsTable, type Use } from "./GuardsEditor";
import { guards, selfTest } from "./queries";
import { Tabs } from "./Tabs";
import { TryGuards } from "./TryGuards";

const CLI = `vong gateway guard add personal --action mask
vong gateway guard try "write to linh@example.com"`;
const PYTHON = `from vong.client import Client
from vong.records.guard import GuardUse

vong = Client()
vong.gateway.guards.put([GuardUse(guard="personal", action="mask")])`;

/** Whether masking works, as the server's self-test says. */
function SelfTest() {
  const t = useMessages().guards;
  const found = useQuery(selfTest()).data;
  if (!found) return null;
  return found.passed ? (
    <Alert color="green">{t.works(found.ways)}</Alert>
  ) : (
    <Alert color="red">
      {t.leaks} {found.leaks.join("; ")}
    </Alert>
  );
}

/** The guards of all the project's calls. */
export default function GuardsPage() {
  const { guards: t, app } = useMessages();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const query = useQuery(guards());
  const save = useMutation({
    mutationFn: (wanted: Use[]) => ok(api.PUT("/api/v1/gateway/guards", { body: { guards: wanted } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway", "guards"] });
      done(t.saved);
      setOpen(false);
    },
    onError: failed,
  });
  const button = (
    <Button size="sm" leftSection={<Shield size={15} aria-hidden />} onClick={() => setOpen(true)}>
      {query.data?.guards?.length ? t.change : t.make}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.title}
        sub={t.lead}
        crumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={!open && !!query.data?.guards?.length && button}
      />
      <Tabs />
      <PageBody>
        <Await query={query}>
          {({ guards: uses = [] }) =>
            open ? (
              <Panel title={t.title} flush>
                <GuardsEditor
                  uses={uses}
                  saving={save.isPending}
                  onSave={(wanted) => save.mutate(wanted)}
                  onClose={() => setOpen(false)}
                />
              </Panel>
            ) : uses.length ? (
              <>
                <Panel title={t.title} flush>
                  <GuardsTable uses={uses} />
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
        </Await>
      </PageBody>
    </>
  );
}

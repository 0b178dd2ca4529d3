import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Shield } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { GuardsEditor, GuardsTable, type GuardUse } from "./GuardsEditor";
import { toFormValues, toPolicy } from "./PolicyPanel";
import { routeDestinations } from "./TreePanel";
import { TryGuards } from "./TryGuards";

/** Show the guards of a route, which apply in addition to those of the project. */
export function GuardsPanel({ route }: { route: Schema["Route"] }) {
  const t = useMessages().guards;
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const uses = route.policy?.guards ?? [];
  const save = useMutation({
    mutationFn: (guards: GuardUse[]) =>
      unwrap(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: { ...routeDestinations(route), policy: { ...(route.policy ?? toPolicy(toFormValues(null))), guards } },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.saved);
      setOpen(false);
    },
    onError: notifyError,
  });
  const editButton = (
    <Button size="xs" variant="default" leftSection={<Shield size={14} aria-hidden />} onClick={() => setOpen(true)}>
      {uses.length ? t.change : t.make}
    </Button>
  );
  return (
    <>
      <Panel title={t.ofRoute} flush actions={!open && editButton}>
        {open ? (
          <GuardsEditor
            uses={uses}
            saving={save.isPending}
            onSave={(guards) => save.mutate(guards)}
            onClose={() => setOpen(false)}
          />
        ) : uses.length ? (
          <GuardsTable uses={uses} />
        ) : (
          <Text size="sm" c="dimmed" p="md">
            {t.none}
          </Text>
        )}
      </Panel>
      {uses.length > 0 && <TryGuards model={route.name} />}
    </>
  );
}

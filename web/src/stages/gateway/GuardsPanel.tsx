import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Shield } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { type GuardConfig, GuardsEditor, GuardsTable } from "./GuardsEditor";
import { toFormValues, toPolicy } from "./PolicyPanel";
import { routeDestinations } from "./TreePanel";
import { TryGuards } from "./TryGuards";

/** Show the guards of a route, which apply in addition to those of the project. */
export function GuardsPanel({ route }: { route: Schema["Route"] }) {
  const t = useMessages().guards;
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const guards = route.policy?.guards ?? [];
  const save = useMutation({
    mutationFn: (newGuards: GuardConfig[]) =>
      unwrap(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: {
            ...routeDestinations(route),
            policy: { ...(route.policy ?? toPolicy(toFormValues(null))), guards: newGuards },
          },
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
      {guards.length ? t.change : t.create}
    </Button>
  );
  return (
    <>
      <Panel title={t.ofRoute} flush actions={!open && editButton}>
        {open ? (
          <GuardsEditor
            guards={guards}
            saving={save.isPending}
            onSave={(newGuards) => save.mutate(newGuards)}
            onClose={() => setOpen(false)}
          />
        ) : guards.length ? (
          <GuardsTable guards={guards} />
        ) : (
          <Text size="sm" c="dimmed" p="md">
            {t.none}
          </Text>
        )}
      </Panel>
      {guards.length > 0 && <TryGuards model={route.name} />}
    </>
  );
}

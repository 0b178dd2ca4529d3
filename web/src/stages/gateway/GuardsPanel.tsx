import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Shield } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { done, failed } from "@/components/notify";
import { Panel } from "@/components/Page";
import { GuardsEditor, GuardsTable, type Use } from "./GuardsEditor";
import { policyOf, valuesOf } from "./PolicyPanel";
import { placesOf } from "./TreePanel";
import { TryGuards } from "./TryGuards";

/** The guards of a route, beside those of the project. */
export function GuardsPanel({ route }: { route: S["Route"] }) {
  const t = useMessages().guards;
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const uses = route.policy?.guards ?? [];
  const save = useMutation({
    mutationFn: (guards: Use[]) =>
      ok(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: { ...placesOf(route), policy: { ...(route.policy ?? policyOf(valuesOf(null))), guards } },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      done(t.saved);
      setOpen(false);
    },
    onError: failed,
  });
  const change = (
    <Button size="xs" variant="default" leftSection={<Shield size={14} aria-hidden />} onClick={() => setOpen(true)}>
      {uses.length ? t.change : t.make}
    </Button>
  );
  return (
    <>
      <Panel title={t.ofRoute} flush actions={!open && change}>
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

import { Input, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useNavigateTo } from "@/components/EntityLink";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { findTargetError } from "./canary";
import { type EditedTarget, TargetsEditor } from "./TargetsEditor";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Show a form that creates a route with its targets. */
export function NewRouteForm({ onClose }: { onClose: () => void }) {
  const t = useMessages().gateway.routes;
  const { app } = useMessages();
  const client = useQueryClient();
  const navigateTo = useNavigateTo();
  const [name, setName] = useState("");
  const [targets, setTargets] = useState<EditedTarget[]>([]);
  const createRoute = useMutation({
    mutationFn: () =>
      unwrap(api.PUT("/api/v1/gateway/routes/{name}", { params: { path: { name } }, body: { targets } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.saved(name));
      navigateTo({ to: `/gateway/routes/${encodeURIComponent(name)}` });
    },
    onError: notifyError,
  });
  const isInvalidName = name !== "" && !NAME.test(name);
  return (
    <Modal opened onClose={onClose} title={t.create} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          createRoute.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={app.name}
            description={t.nameHint}
            error={isInvalidName ? t.nameRule : null}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Input.Wrapper label={t.targets} description={t.targetsHint} labelElement="div">
            <div style={{ height: 8 }} />
            <TargetsEditor targets={targets} onChange={setTargets} />
          </Input.Wrapper>
        </Stack>
        <FormActions
          label={t.submit}
          loading={createRoute.isPending}
          disabled={!NAME.test(name) || findTargetError(targets) !== null}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

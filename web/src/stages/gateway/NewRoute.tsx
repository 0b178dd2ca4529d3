import { Input, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormFoot } from "@/components/FormFoot";
import { done, failed } from "@/components/notify";
import { useGo } from "@/components/ThingLink";
import { faultOf } from "./canary";
import { type EditedTarget, TargetsEditor } from "./TargetsEditor";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Asks for a route's name and its targets. */
export function NewRoute({ onClose }: { onClose: () => void }) {
  const t = useMessages().gateway.routes;
  const { app } = useMessages();
  const client = useQueryClient();
  const go = useGo();
  const [name, setName] = useState("");
  const [targets, setTargets] = useState<EditedTarget[]>([]);
  const make = useMutation({
    mutationFn: () => ok(api.PUT("/api/v1/gateway/routes/{name}", { params: { path: { name } }, body: { targets } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      done(t.saved(name));
      go({ to: `/gateway/routes/${encodeURIComponent(name)}` });
    },
    onError: failed,
  });
  const bad = name !== "" && !NAME.test(name);
  return (
    <Modal opened onClose={onClose} title={t.make} size="lg" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={app.name}
            description={t.nameHint}
            error={bad ? t.nameRule : null}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Input.Wrapper label={t.targets} description={t.targetsHint} labelElement="div">
            <div style={{ height: 8 }} />
            <TargetsEditor targets={targets} onChange={setTargets} />
          </Input.Wrapper>
        </Stack>
        <FormFoot
          label={t.submit}
          loading={make.isPending}
          disabled={!NAME.test(name) || faultOf(targets) !== null}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}

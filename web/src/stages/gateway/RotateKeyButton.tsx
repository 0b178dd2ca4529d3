import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError } from "@/components/notify";
import { KeySecret } from "./KeySecret";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const;

/** Show a form that replaces the secret of a key. The old secret stays valid for the selected overlap. */
export function RotateKeyButton({ apiKey }: { apiKey: Schema["ApiKey"] }) {
  const { scopes: t, app } = useMessages();
  const client = useQueryClient();
  const [opened, setOpened] = useState(false);
  const [overlap, setOverlap] = useState("86400");
  const rotate = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/access/keys/{name}/rotate", {
          params: { path: { name: apiKey.id } },
          body: { overlap: Number(overlap) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["gateway", "keys"] }),
    onError: notifyError,
  });
  const close = () => {
    setOpened(false);
    rotate.reset();
  };
  const secret = rotate.data?.secret;
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<RefreshCw size={12} aria-hidden />}
        onClick={() => setOpened(true)}
      >
        {t.rotate}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t.rotateTitle(apiKey.name)}
        size="lg"
        closeOnClickOutside={!secret}
        closeButtonProps={{ "aria-label": app.close }}
      >
        {secret ? (
          <KeySecret secret={secret} onClose={close} />
        ) : (
          <Stack gap="sm">
            <Text size="sm">{t.rotateText}</Text>
            <Select
              label={t.overlap}
              allowDeselect={false}
              data={OVERLAPS.map((value) => ({ value, label: t.overlaps[value] }))}
              value={overlap}
              onChange={(value) => setOverlap(value ?? "0")}
            />
            <Group justify="flex-end" mt="md">
              <Button variant="default" onClick={close}>
                {app.cancel}
              </Button>
              <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
                {t.submit}
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </>
  );
}

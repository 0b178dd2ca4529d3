import { Alert, Button, Tabs as Choices, Group, Modal, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ban, KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { CodeBlock } from "@/components/Code";
import { Confirm } from "@/components/Confirm";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { done, failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import { When } from "@/components/When";
import { keys, routesList } from "./queries";
import { keyState, snippets } from "./snippets";
import { Tabs } from "./Tabs";

const DAY = 86_400_000;
/** The name of the keys that Vong gives to its own jobs. */
const JOBS = "internal";
const CLI = "vong access key create my-app";
const PYTHON = `from vong.client import Client

made = Client().access.create_key("my-app")
print(made["secret"])`;

/** How to point an OpenAI client at this server. */
function Snippets({ secret }: { secret: string }) {
  const t = useMessages().gateway.keys;
  const routes = useInfiniteQuery(routesList()).data?.pages.flat();
  const found = snippets(location.origin, secret, routes?.[0]?.name ?? "deployment/NAME");
  return (
    <Choices defaultValue="python" keepMounted={false}>
      <Choices.List>
        <Choices.Tab value="python">Python</Choices.Tab>
        <Choices.Tab value="curl">curl</Choices.Tab>
        <Choices.Tab value="environment">{t.environment}</Choices.Tab>
      </Choices.List>
      {(["python", "curl", "environment"] as const).map((value) => (
        <Choices.Panel key={value} value={value} pt="sm">
          <CodeBlock text={found[value]} label={t.snippet} />
        </Choices.Panel>
      ))}
    </Choices>
  );
}

function NewKeyForm({ onClose }: { onClose: () => void }) {
  const t = useMessages().gateway.keys;
  const { app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: "", role: "member" as S["Key"]["role"], days: "" },
    validate: { name: (value) => (value.trim() ? null : t.needed) },
  });
  const make = useMutation({
    mutationFn: ({ name, role, days }: typeof form.values) =>
      ok(
        api.POST("/api/v1/access/keys", {
          body: {
            name: name.trim(),
            role,
            expires_at: days ? new Date(Date.now() + Number(days) * DAY).toISOString() : null,
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["gateway", "keys"] }),
    onError: failed,
  });
  const secret = make.data?.secret;
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret ? t.madeTitle : t.make}
      size="lg"
      closeOnClickOutside={!secret}
      closeButtonProps={{ "aria-label": app.close }}
    >
      {secret ? (
        <Stack gap="sm">
          <Alert color="yellow">{t.once}</Alert>
          <CodeBlock text={secret} label={t.secret} wrap />
          <Text size="sm" fw={600}>
            {t.use}
          </Text>
          <Snippets secret={secret} />
          <Group justify="flex-end">
            <Button onClick={onClose}>{t.kept}</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
          <Stack gap="sm">
            <TextInput label={app.name} description={t.nameHint} data-autofocus {...form.getInputProps("name")} />
            <Select
              label={t.role}
              description={t.roleHint[form.values.role]}
              allowDeselect={false}
              data={(["member", "viewer", "owner"] as const).map((value) => ({ value, label: t.roles[value] }))}
              {...form.getInputProps("role")}
            />
            <Select
              label={t.expires}
              allowDeselect={false}
              data={[
                { value: "", label: t.never },
                ...["30", "90", "365"].map((value) => ({ value, label: t.days(value) })),
              ]}
              {...form.getInputProps("days")}
            />
          </Stack>
          <Group justify="flex-end" mt="lg">
            <Button variant="default" onClick={onClose}>
              {app.cancel}
            </Button>
            <Button type="submit" loading={make.isPending}>
              {t.submit}
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}

function Revoke({ one }: { one: S["Key"] }) {
  const t = useMessages().gateway.keys;
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => ok(api.DELETE("/api/v1/access/keys/{name}", { params: { path: { name: one.id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway", "keys"] });
      done(t.revoked(one.name));
    },
    onError: failed,
  });
  return (
    <Confirm title={t.revokeTitle(one.name)} text={t.revokeText} label={t.revoke} onConfirm={() => revoke.mutate()}>
      {(ask) => (
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          leftSection={<Ban size={12} aria-hidden />}
          loading={revoke.isPending}
          onClick={ask}
        >
          {t.revoke}
        </Button>
      )}
    </Confirm>
  );
}

function useColumns(): Column<S["Key"]>[] {
  const t = useMessages().gateway.keys;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(140px, 1fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.name}
        </Text>
      ),
    },
    { id: "prefix", title: t.prefix, width: "140px", cell: (one) => <span className="mono">{one.prefix}…</span> },
    { id: "role", title: t.role, width: "110px", cell: (one) => t.roles[one.role] },
    {
      id: "state",
      title: t.state,
      width: "130px",
      cell: (one) => {
        const state = keyState(one);
        return <Status state={state === "valid" ? "ok" : "stopped"} label={t.states[state]} />;
      },
    },
    { id: "made", title: t.made, width: "120px", cell: (one) => <When at={one.created_at} /> },
    { id: "used", title: t.used, width: "120px", cell: (one) => <When at={one.last_used_at} /> },
    {
      id: "expires",
      title: t.expires,
      width: "190px",
      cell: (one) => (one.expires_at ? f.time(one.expires_at) : t.never),
    },
    {
      id: "revoke",
      title: t.action,
      width: "110px",
      right: true,
      cell: (one) => (keyState(one) === "valid" ? <Revoke one={one} /> : null),
    },
  ];
}

/** The keys with which programs call: make one, use it, refuse it. */
export default function KeysPage() {
  const { gateway: t, app } = useMessages();
  const [making, setMaking] = useState(false);
  const [all, setAll] = useState(false);
  const query = useQuery(keys());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      {t.keys.make}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tabs.keys}
        sub={t.keys.lead}
        crumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={query.data && query.data.length > 0 && button}
      />
      <Tabs />
      <PageBody>
        <Await query={query}>
          {(found) =>
            found.length === 0 ? (
              <EmptyState icon={KeyRound} title={t.keys.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.keys.emptyText}
              </EmptyState>
            ) : (
              <>
                <Panel
                  title={t.keys.title}
                  flush
                  actions={
                    <Switch
                      size="xs"
                      label={t.keys.all}
                      checked={all}
                      onChange={(event) => setAll(event.currentTarget.checked)}
                    />
                  }
                >
                  <DataGrid
                    label={t.tabs.keys}
                    columns={columns}
                    rows={found.filter((one) => all || (keyState(one) === "valid" && one.name !== JOBS))}
                    rowKey={(one) => one.id}
                  />
                </Panel>
                <Panel title={t.keys.point}>
                  <Text size="sm" c="dimmed" mb="sm">
                    {t.keys.pointText}
                  </Text>
                  <Snippets secret="vong-…" />
                </Panel>
              </>
            )
          }
        </Await>
      </PageBody>
      {making && <NewKeyForm onClose={() => setMaking(false)} />}
    </>
  );
}

import { Button, Group, Switch, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Ban, History, KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { RowDeed } from "@/components/RowDeed";
import { Status } from "@/components/Status";
import { When } from "@/components/When";
import { KeyForm } from "./KeyForm";
import { keys } from "./queries";
import { RotateKey } from "./RotateKey";
import { Snippets } from "./Secret";
import { keyState } from "./snippets";
import { Tabs } from "./Tabs";

/** The name of the keys that Vong gives to its own jobs. */
const JOBS = "internal";
const CLI = "vong access key create my-app";
const PYTHON = `from vong.client import Client

made = Client().access.create_key("my-app")
print(made["secret"])`;

function Revoke({ one }: { one: S["Key"] }) {
  const t = useMessages().gateway.keys;
  return (
    <RowDeed
      title={t.revokeTitle(one.name)}
      text={t.revokeText}
      label={t.revoke}
      icon={Ban}
      said={t.revoked(one.name)}
      stale={["gateway", "keys"]}
      deed={() => ok(api.DELETE("/api/v1/access/keys/{name}", { params: { path: { name: one.id } } }))}
    />
  );
}

/** How the secret begins, and how long the one before it still works. */
function Prefix({ one }: { one: S["Key"] }) {
  const t = useMessages().scopes;
  const f = useFormats();
  const until = one.previous_until;
  if (!until || Date.parse(until) <= Date.now()) return <span className="mono">{one.prefix}…</span>;
  const used = one.previous_used_at ? t.previousUsed(f.time(one.previous_used_at)) : t.previousUnused;
  const said = `${t.previous(one.previous_prefix ?? "", f.time(until))}, ${used}`;
  return (
    <Group gap={4} wrap="nowrap">
      <span className="mono">{one.prefix}…</span>
      <Tooltip label={said}>
        <History size={13} role="img" aria-label={said} />
      </Tooltip>
    </Group>
  );
}

/** What a key may call. */
function May({ one }: { one: S["Key"] }) {
  const t = useMessages().scopes;
  const said = [...(one.scope?.models ?? []), ...(one.scope?.shapes ?? [])].join(", ");
  return (
    <Text inherit truncate title={said || undefined}>
      {said || t.everything}
    </Text>
  );
}

function useColumns(): Column<S["Key"]>[] {
  const { gateway, scopes } = useMessages();
  const t = gateway.keys;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(120px, 0.8fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate title={`${t.made}: ${f.time(one.created_at)}`}>
          {one.name}
        </Text>
      ),
    },
    { id: "prefix", title: t.prefix, width: "150px", cell: (one) => <Prefix one={one} /> },
    { id: "role", title: t.role, width: "90px", cell: (one) => t.roles[one.role] },
    { id: "may", title: scopes.may, width: "minmax(120px, 1fr)", cell: (one) => <May one={one} /> },
    {
      id: "state",
      title: t.state,
      width: "110px",
      cell: (one) => {
        const state = keyState(one);
        return <Status state={state === "valid" ? "ok" : "stopped"} label={t.states[state]} />;
      },
    },
    { id: "used", title: t.used, width: "120px", cell: (one) => <When at={one.last_used_at} /> },
    {
      id: "expires",
      title: t.expires,
      width: "140px",
      cell: (one) => (one.expires_at ? f.time(one.expires_at) : t.never),
    },
    {
      id: "revoke",
      title: t.action,
      width: "205px",
      right: true,
      cell: (one) =>
        keyState(one) === "valid" ? (
          <Group gap={4} wrap="nowrap" justify="flex-end">
            <RotateKey one={one} />
            <Revoke one={one} />
          </Group>
        ) : null,
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
      {making && <KeyForm onClose={() => setMaking(false)} />}
    </>
  );
}

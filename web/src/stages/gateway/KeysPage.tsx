import { Button, Group, Switch, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Ban, History, KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { Status } from "@/components/Status";
import { GatewayTabs } from "./GatewayTabs";
import { KeyForm } from "./KeyForm";
import { ClientSnippets } from "./KeySecret";
import { keysQuery } from "./queries";
import { RotateKeyButton } from "./RotateKeyButton";
import { keyState } from "./snippets";

/** Name of the keys that Vong creates for its own jobs. */
const INTERNAL_KEY_NAME = "internal";
const CLI = "vong access keys create my-app";
const PYTHON = `from vong.client import Client

made = Client().access.create_key("my-app")
print(made["secret"])`;

function RevokeKey({ apiKey }: { apiKey: Schema["ApiKey"] }) {
  const t = useMessages().gateway.keys;
  return (
    <RowAction
      title={t.revokeTitle(apiKey.name)}
      text={t.revokeText}
      label={t.revoke}
      icon={Ban}
      successMessage={t.revoked(apiKey.name)}
      invalidates={["gateway", "keys"]}
      action={() => unwrap(api.DELETE("/api/v1/access/keys/{name}", { params: { path: { name: apiKey.id } } }))}
    />
  );
}

/** Show the prefix of the secret, and until when the previous secret is valid. */
function KeyPrefix({ apiKey }: { apiKey: Schema["ApiKey"] }) {
  const t = useMessages().scopes;
  const f = useFormats();
  const until = apiKey.previous_until;
  if (!until || Date.parse(until) <= Date.now()) return <span className="mono">{apiKey.prefix}…</span>;
  const usage = apiKey.previous_used_at ? t.previousUsed(f.time(apiKey.previous_used_at)) : t.previousUnused;
  const description = `${t.previous(apiKey.previous_prefix ?? "", f.time(until))}, ${usage}`;
  return (
    <Group gap={4} wrap="nowrap">
      <span className="mono">{apiKey.prefix}…</span>
      <Tooltip label={description}>
        <History size={13} role="img" aria-label={description} />
      </Tooltip>
    </Group>
  );
}

/** Show which models and endpoints a key may call. */
function KeyScope({ apiKey }: { apiKey: Schema["ApiKey"] }) {
  const t = useMessages().scopes;
  const scopeText = [...(apiKey.scope?.models ?? []), ...(apiKey.scope?.endpoints ?? [])].join(", ");
  return (
    <Text inherit truncate title={scopeText || undefined}>
      {scopeText || t.everything}
    </Text>
  );
}

function useColumns(): Column<Schema["ApiKey"]>[] {
  const { gateway, scopes } = useMessages();
  const t = gateway.keys;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(120px, 0.8fr)",
      cell: (apiKey) => (
        <Text inherit fw={500} truncate title={`${t.created}: ${f.time(apiKey.created_at)}`}>
          {apiKey.name}
        </Text>
      ),
    },
    { id: "prefix", title: t.prefix, width: "150px", cell: (apiKey) => <KeyPrefix apiKey={apiKey} /> },
    { id: "role", title: t.role, width: "90px", cell: (apiKey) => t.roles[apiKey.role] },
    { id: "may", title: scopes.scope, width: "minmax(120px, 1fr)", cell: (apiKey) => <KeyScope apiKey={apiKey} /> },
    {
      id: "state",
      title: t.state,
      width: "110px",
      cell: (apiKey) => {
        const state = keyState(apiKey);
        return <Status state={state === "valid" ? "ok" : "stopped"} label={t.states[state]} />;
      },
    },
    { id: "used", title: t.used, width: "120px", cell: (apiKey) => <RelativeTime at={apiKey.last_used_at} /> },
    {
      id: "expires",
      title: t.expires,
      width: "140px",
      cell: (apiKey) => (apiKey.expires_at ? f.time(apiKey.expires_at) : t.never),
    },
    {
      id: "revoke",
      title: t.action,
      width: "205px",
      alignRight: true,
      cell: (apiKey) =>
        keyState(apiKey) === "valid" ? (
          <Group gap={4} wrap="nowrap" justify="flex-end">
            <RotateKeyButton apiKey={apiKey} />
            <RevokeKey apiKey={apiKey} />
          </Group>
        ) : null,
    },
  ];
}

/** Show the API keys, with actions to create, rotate and revoke them. */
export default function KeysPage() {
  const { gateway: t, app } = useMessages();
  const [creating, setCreating] = useState(false);
  const [showAll, setShowAll] = useState(false);
  const query = useQuery(keysQuery());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.keys.create}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tabs.keys}
        subtitle={t.keys.lead}
        breadcrumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={query.data && query.data.length > 0 && button}
      />
      <GatewayTabs />
      <PageBody>
        <QueryBoundary query={query}>
          {(list) =>
            list.length === 0 ? (
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
                      checked={showAll}
                      onChange={(event) => setShowAll(event.currentTarget.checked)}
                    />
                  }
                >
                  <DataGrid
                    label={t.tabs.keys}
                    columns={columns}
                    rows={list.filter(
                      (apiKey) => showAll || (keyState(apiKey) === "valid" && apiKey.name !== INTERNAL_KEY_NAME),
                    )}
                    rowKey={(apiKey) => apiKey.id}
                  />
                </Panel>
                <Panel title={t.keys.connect}>
                  <Text size="sm" c="dimmed" mb="sm">
                    {t.keys.connectText}
                  </Text>
                  <ClientSnippets secret="vong-…" />
                </Panel>
              </>
            )
          }
        </QueryBoundary>
      </PageBody>
      {creating && <KeyForm onClose={() => setCreating(false)} />}
    </>
  );
}
